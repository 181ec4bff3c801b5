"""Work that nobody waits for any more: a step whose run was killed, an item whose step was."""

import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_EVERY_S = 1.0

ORPHANED = 3
"""Exit status of a process that ended because nobody waited for its work."""

_LOGGER = logging.getLogger(__name__)


@contextmanager
def ends_with_its_asker() -> Iterator[None]:
    """End this process at once, while the context is open, when nobody waits for its work.

    For work of hours that goes on from what it has kept: its next try must not meet it. In a Dask
    worker that is when the item is given up there, as when the step was stopped or killed; its
    nanny starts a fresh process. In a process that Python's multiprocessing spawned, as steps are,
    when the one that spawned it is gone. Elsewhere, and without a nanny, nothing ends.
    """
    is_orphan, is_over = _question(), threading.Event()

    def watch() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            if is_orphan():
                _LOGGER.warning("nobody waits for the work of process %d: it ends", os.getpid())
                os._exit(ORPHANED)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        is_over.set()


def _question() -> Callable[[], bool]:
    """What tells whether nobody waits any more."""
    item = _given_up_item()
    if item is not None:
        return item
    parent = multiprocessing.parent_process()
    return (lambda: False) if parent is None else (lambda: not parent.is_alive())


def _given_up_item() -> Callable[[], bool] | None:
    """What tells whether the item that this thread runs was given up; None outside of a worker."""
    if "distributed" not in sys.modules:
        return None
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:  # no item of a worker runs here
        return None
    task, held = worker.get_current_task(), worker.state.tasks
    if worker.nanny is None:
        return lambda: False
    return lambda: task not in held or held[task].state == "cancelled"
