"""Progress of a training that runs elsewhere: new lines of its curve are told as they come."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from assets.engine.progress import LOG_EVERY_S, Log
from assets.segmenters.curve import CURVE, Facts, told
from storage.lines import whole_lines

LOOK_EVERY_S = 2.0

OBSERVE_EVERY_S = 120.0
"""Shortest time between two steps that are observed, but for those that were scored."""

Observe: TypeAlias = Callable[[Facts], object]

_LOGGER = logging.getLogger(__name__)


@contextmanager
def following(folder: Path, log: Log | None, observe: Observe | None = None) -> Iterator[None]:
    """Tell the log of a training's steps, and observe them, while the context is open.

    Both are rows of Dagster's database: the newest step is told now and then, and every step after
    which the network was scored.
    """
    listeners = list(_listeners(folder / CURVE, log, observe))
    if not listeners:
        yield
        return
    is_over = threading.Event()

    def follow() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            for listener in listeners:
                listener.listen()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    for listener in listeners:
        listener.listen(is_last=True)


def _listeners(path: Path, log: Log | None, observe: Observe | None) -> Iterator["_Listener"]:
    if log is not None:
        say = log.info if isinstance(log, logging.Logger) else log
        yield _Listener(path, lambda line: say(told(line)), LOG_EVERY_S, told_at=time.monotonic())
    if observe is not None:
        # The first step is observed at once: it shows that the training has begun.
        yield _Listener(path, lambda line: observe(json.loads(line)), OBSERVE_EVERY_S)


class _Listener:
    """Takes the lines of a curve that it was not told before."""

    def __init__(
        self,
        path: Path,
        tell: Callable[[str], object],
        every_s: float,
        *,
        told_at: float = float("-inf"),
    ) -> None:
        self._path, self._tell, self._every_s = path, tell, every_s
        self._n_told, self._told_at = len(whole_lines(path)), told_at

    def listen(self, *, is_last: bool = False) -> None:
        """Take new steps that were scored, and the newest step where that is due."""
        now, lines = time.monotonic(), whole_lines(self._path)
        new = lines[self._n_told :]
        shown = [line for line in new if '"average_precision": null' not in line]
        if (is_last or now - self._told_at >= self._every_s) and new and new[-1] not in shown:
            shown.append(new[-1])
            self._told_at = now
        if shown:
            self._n_told = lines.index(shown[-1]) + 1
        for line in shown:
            self._tell_safely(line)

    def _tell_safely(self, line: str) -> None:
        """A database that is busy must not end a training."""
        try:
            self._tell(line)
        except Exception:
            _LOGGER.warning("a step of %s could not be told", self._path, exc_info=True)
