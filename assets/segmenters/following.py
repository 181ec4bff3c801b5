"""Progress of a training that runs elsewhere: new lines of its curve go to the log of the run."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.engine.progress import LOG_EVERY_S, Log
from assets.segmenters.curve import CURVE, told, whole_lines

LOOK_EVERY_S = 2.0


@contextmanager
def following(folder: Path, log: Log | None) -> Iterator[None]:
    """Tell the log of a training's steps while the context is open.

    A line of Dagster's log is a row of its database: the newest step is told now and then, and
    every step after which the network was scored.
    """
    if log is None:
        yield
        return
    say = log.info if isinstance(log, logging.Logger) else log
    is_over, teller = threading.Event(), _Teller(folder / CURVE)

    def follow() -> None:
        n_looks = 0
        while not is_over.wait(LOOK_EVERY_S):
            n_looks += 1
            for line in teller.news(is_due=n_looks % round(LOG_EVERY_S / LOOK_EVERY_S) == 0):
                say(line)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    for line in teller.news(is_due=True):
        say(line)


class _Teller:
    """Lines of a curve that were not told before."""

    def __init__(self, path: Path) -> None:
        self._path, self._n_told = path, len(whole_lines(path))

    def news(self, *, is_due: bool) -> list[str]:
        """New steps that were scored, and the newest step where that is due."""
        lines = whole_lines(self._path)
        new = lines[self._n_told :]
        shown = [line for line in new if '"average_precision": null' not in line]
        if is_due and new and new[-1] not in shown:
            shown.append(new[-1])
        if shown:
            self._n_told = lines.index(shown[-1]) + 1
        return [told(line) for line in shown]
