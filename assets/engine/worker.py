"""What runs beside the item, in any process. Workers import this module: standard library, records.

Items, functions and values travel as pickled bytes. Dask then neither walks into items nor loses a
worker that cannot unpickle one: that becomes an error of this one item. Exceptions never travel, as
many cannot be unpickled; their one-line reason does.
"""

import os
import pickle
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from assets.engine.faults import (
    DEVICE_CURE,
    MEMORY_CURE,
    DeviceLostError,
    is_device_lost,
    is_out_of_memory,
)
from assets.engine.outcome import ItemError
from assets.engine.warm import warm_models
from storage.datasets.dataset import BadFileError

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")

STARTED_TOPIC = "multishift-item-started"
"""Dask event topic on which a worker tells that it has begun an item."""

LOST_TOPIC = "multishift-device-lost"
"""Dask event topic on which a worker tells why it ends its process."""

DEVICE_LOST = 75
"""Exit status of a worker process that lost its device (EX_TEMPFAIL: try again)."""

TELL_S = 0.5
"""Time for what a worker says last to leave its process."""

MAX_REASON_CHARS = 500
"""Longer reasons are cut: a reason is a cell of a table."""


def attempt(
    function: Callable[[ItemT], ValueT], item: ItemT
) -> tuple[ValueT | None, ItemError | None]:
    """Value of ``function(item)`` and None, or None and the reason; interrupts pass through.

    Where the memory of the device is used up, the item is tried once more after the models of
    others are given back: as it is, for its batches decide its bytes. A function that may take
    smaller ones sees to that itself, and records it.

    Raises:
        DeviceLostError: if nothing can be computed on the device any more.
    """
    value, error, is_full = _try(function, item)
    if is_full:
        warm_models().keep_only()
        value, error, is_full = _try(function, item)
    return value, error


def _try(
    function: Callable[[ItemT], ValueT], item: ItemT
) -> tuple[ValueT | None, ItemError | None, bool]:
    """Value, reason for none, and whether that is the memory; no longer holds what was computed."""
    try:
        return function(item), None, False
    except BadFileError as error:
        return None, ItemError("bad_input", one_line(str(error))), False
    except (Exception, SystemExit) as error:
        if is_device_lost(error):
            raise DeviceLostError(one_line(f"{_headline(error)}; {DEVICE_CURE}")) from error
        if is_out_of_memory(error):
            return None, ItemError("failed", one_line(f"{MEMORY_CURE} ({_where(error)})")), True
        return None, ItemError("failed", describe(error)), False


def run_pickled(function: bytes, item: bytes) -> bytes:
    """Pickled answer of `attempt` on a pickled function and item; tells clients that it began."""
    _tell_started()
    try:
        answer = attempt(pickle.loads(function), pickle.loads(item))
    except DeviceLostError as error:
        return _leave(str(error))
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
    message = one_line(str(error))
    return f"{type(error).__name__}: {message} (at {_raised_at(error.__traceback__)})"


def one_line(text: str) -> str:
    """Text with every run of white space as one blank, at most `MAX_REASON_CHARS` long."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_REASON_CHARS else line[: MAX_REASON_CHARS - 3] + "..."


def _where(error: BaseException) -> str:
    return f"{type(error).__name__} at {_raised_at(error.__traceback__)}"


def _headline(error: BaseException) -> str:
    """First line of the message and its place: CUDA's go on with advice for programmers."""
    message = str(error).partition("\n")[0]
    return f"{message} ({_where(error)})"


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


def _leave(reason: str) -> bytes:
    """End the process, so that its nanny starts a fresh one; without nanny the item has failed."""
    from distributed import get_worker

    worker = get_worker()
    if worker.nanny is None:
        cure = "no nanny watches this worker: restart it, with a nanny"
        return pickle.dumps((None, ItemError("failed", one_line(f"{cure}; {reason}"))))
    task = {"task": str(worker.get_current_task()), "worker": worker.address}
    worker.log_event(LOST_TOPIC, {**task, "reason": reason})
    time.sleep(TELL_S)
    os._exit(DEVICE_LOST)
