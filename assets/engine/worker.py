"""What runs beside the item, in any process. Workers import this module: standard library, records.

Items, functions and values travel as pickled bytes. Dask then neither walks into items nor loses a
worker that cannot unpickle one: that becomes an error of this one item. Exceptions never travel, as
many cannot be unpickled; their one-line reason does.
"""

import pickle
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from assets.engine.outcome import ItemError
from storage.datasets.dataset import BadFileError

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")

STARTED_TOPIC = "multishift-item-started"
"""Dask event topic on which a worker tells that it has begun an item."""

MAX_REASON_CHARS = 500
"""Longer reasons are cut: a reason is a cell of a table."""


def attempt(
    function: Callable[[ItemT], ValueT], item: ItemT
) -> tuple[ValueT | None, ItemError | None]:
    """Value of ``function(item)`` and None, or None and the reason; interrupts pass through."""
    try:
        return function(item), None
    except BadFileError as error:
        return None, ItemError("bad_input", one_line(str(error)))
    except (Exception, SystemExit) as error:
        return None, ItemError("failed", describe(error))


def run_pickled(function: bytes, item: bytes) -> bytes:
    """Pickled answer of `attempt` on a pickled function and item; tells clients that it began."""
    _tell_started()
    try:
        answer = attempt(pickle.loads(function), pickle.loads(item))
    except Exception as error:  # attempt catches the function's own, so this is unpickling
        return _failure("worker cannot unpickle the item", error)
    try:
        return pickle.dumps(answer)
    except Exception as error:
        return _failure("its value cannot be pickled", error)


def refusal(function: bytes) -> str:
    """Why this worker cannot load a pickled function; empty where it can."""
    try:
        pickle.loads(function)
    except Exception as error:
        return one_line(f"{type(error).__name__}: {error}")
    return ""


def describe(error: BaseException) -> str:
    """One line: type, message and the module, line and function that raised.

    Modules instead of files, so that a reason is the same on every machine.
    """
    name, message = type(error).__name__, one_line(str(error))
    return f"{name}: {message} (at {_raised_at(error.__traceback__)})"


def one_line(text: str) -> str:
    """Text with every run of white space as one blank, at most `MAX_REASON_CHARS` long."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_REASON_CHARS else line[: MAX_REASON_CHARS - 3] + "..."


def _raised_at(trace: TracebackType | None) -> str:
    place = "unknown place"
    while trace is not None:
        frame = trace.tb_frame
        module = frame.f_globals.get("__name__", "?")
        place = f"{module}:{trace.tb_lineno} in {frame.f_code.co_name}"
        trace = trace.tb_next
    return place


def _failure(what: str, error: Exception) -> bytes:
    return pickle.dumps((None, ItemError("failed", f"{what}: {describe(error)}")))


def _tell_started() -> None:
    from distributed import get_worker

    worker = get_worker()
    task = {"task": str(worker.get_current_task()), "worker": worker.address}
    worker.log_event(STARTED_TOPIC, task)
