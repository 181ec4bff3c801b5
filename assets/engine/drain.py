"""An interrupt waits until the items under way have ended: their outcomes reach the stage.

Dagster stops a step, and a terminal a command, by a signal that raises wherever the code is. Items
that workers are about to finish would be lost, and so would be what the stage is writing.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], Any]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Drain:
    """Context that holds the first interrupt back until it ends, at most ``seconds``.

    A second signal, and the end of the time, interrupt at once, in the main thread. Elsewhere than
    there, and with no time, signals act as ever.
    """

    def __init__(self, seconds: float) -> None:
        """Prepare; no signal is held back before the context begins."""
        self._seconds = seconds
        self._former: dict[int, Handler] = {}
        self._asked: int | None = None
        self._timer: threading.Timer | None = None

    @property
    def is_asked(self) -> bool:
        """Whether an interrupt waits: begin nothing, end the context soon."""
        return self._asked is not None

    def __enter__(self) -> "Drain":
        if self._seconds > 0 and threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                former = signal.getsignal(number)
                if callable(former):  # what would end the process at once shall do so
                    self._former[number] = former
                    signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()
        if self._asked is not None and (error is None or kind is GeneratorExit):
            self._interrupt(self._asked, None)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._asked is not None:
            self._restore()
            asked, self._asked = self._asked, None
            self._interrupt(asked, frame)
        self._asked = number
        main = threading.main_thread().ident
        assert main is not None
        self._timer = threading.Timer(self._seconds, signal.pthread_kill, (main, number))
        self._timer.daemon = True
        self._timer.start()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise what the signal would have raised; a stage must never take few items for all."""
        self._former_of(number)(number, frame)
        raise KeyboardInterrupt

    def _former_of(self, number: int) -> Handler:
        return self._former[number]

    def _restore(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for number, former in self._former.items():
            if signal.getsignal(number) == self._hear:  # else another context began after this one
                signal.signal(number, former)
