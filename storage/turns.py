"""Turns at work that two processes must not do at once, kept by a locked file beside it."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_EVERY_S = 0.2


class TurnTakenError(RuntimeError):
    """Another process is at the same work; it may have ended at the next try."""


@contextmanager
def turn(path: Path, *, wait_s: float) -> Iterator[None]:
    """Be the only process in a block with this file, which says who it is and is gone afterwards.

    A turn ends with its process, however that ends. Where a file system knows no locks, all are
    let in.

    Raises:
        TurnTakenError: naming the process that is still there after ``wait_s``.
        OSError: if the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _wait_for(path, time.monotonic() + wait_s)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is locked: who comes now makes a new one
        os.close(descriptor)


def _wait_for(path: Path, deadline: float) -> int:
    """Descriptor of the file, locked."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if _is_locked_here(descriptor) and _is_still(descriptor, path):
            return descriptor
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise TurnTakenError(
                f"{path}: need to be alone at this work, got {_holder(path)} that is at it; wait "
                "until that process ends, or end it, then run again"
            )
        time.sleep(LOOK_EVERY_S)


def _is_locked_here(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks here: better two at once than none
        return True
    return True


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether the file was not removed, by who had the turn before, since it was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        said = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        said = ""
    return said or "another process"
