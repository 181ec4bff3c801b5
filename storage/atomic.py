"""Files that a reader sees whole or not at all, on a local folder and on an object store.

Two ways to write: `write_atomically` replaces; `create` only succeeds where nothing was, which
makes it a commit that one of several writers wins. Listings live in `storage.listing`.
"""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec import AbstractFileSystem
from upath import UPath

TEMPORARY_PREFIX = ".tmp-"
"""Starts the name of an unfinished local file: readers pass it over, vacuum removes it."""

PROBE_THREADS = 8

_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_memory_lock = threading.Lock()


class StoreFullError(OSError):
    """The disk has no room for a file; nothing of it was kept and former files are unharmed."""


class StoreRefusedError(RuntimeError):
    """The store cannot decide between two writers of one file."""


def is_local(path: UPath) -> bool:
    """Whether the path lies in a file system of this machine, where rename and link are atomic."""
    return path.protocol in ("", "file", "local")


def write_atomically(path: UPath, content: bytes) -> None:
    """Make ``path`` hold ``content``, in place of what was there.

    Raises:
        StoreFullError: if there is no room; the former file stays.
    """
    with _full_disk_named(path, len(content)):
        if is_local(path):
            with _staged(Path(path.path), content) as staged:
                staged.replace(path.path)
        else:
            path.fs.pipe_file(path.path, content)


def create(path: UPath, content: bytes) -> None:
    """Make ``path`` hold ``content`` if nothing is there; of several callers one succeeds.

    Raises:
        FileExistsError: if ``path`` exists.
        StoreFullError: if there is no room.
        StoreRefusedError: if a local file system has no hard links.
    """
    with _full_disk_named(path, len(content)):
        if is_local(path):
            with _staged(Path(path.path), content) as staged:
                _link(staged, Path(path.path))
        elif path.protocol == "memory":  # checks, then writes: one step only under a lock
            with _memory_lock:
                path.fs.pipe_file(path.path, content, mode="create")
        else:
            path.fs.pipe_file(path.path, content, mode="create")


def create_alone(path: UPath, content: bytes) -> None:
    """Like `create`, for the only writer of a store that has no conditional create.

    Raises:
        FileExistsError: if ``path`` exists.
        StoreFullError: if there is no room.
    """
    if path.exists():
        raise FileExistsError(str(path))
    write_atomically(path, content)


def chosen_create(root: UPath, *, single_writer: bool) -> Callable[[UPath, bytes], None]:
    """The function that commits below ``root``: `create` where it can be trusted.

    Raises:
        StoreRefusedError: if the store ignores the condition and ``single_writer`` is false.
    """
    if single_writer:
        return create_alone
    if not is_local(root):
        refuse_unconditional(root)
    return create


def refuse_unconditional(root: UPath) -> None:
    """Find out by trial whether of several creates of one file exactly one succeeds.

    Writes and removes one small file below ``root``.

    Raises:
        StoreRefusedError: if none succeeds, as where a bucket or credentials are missing; if more
            than one does; or if the class of the file system only looks before it writes, which a
            trial may miss.
    """
    if _only_looks_first(root.fs):
        raise _unsafe(root, f"{type(root.fs).__name__} checks first and writes later")
    probe = root / f"{TEMPORARY_PREFIX}probe-{uuid4().hex}"
    try:
        with ThreadPoolExecutor(PROBE_THREADS) as pool:
            failures = list(pool.map(lambda n: _failure(probe, n), range(PROBE_THREADS)))
        failures.append(_failure(probe, PROBE_THREADS))  # long after the race: must fail too
    finally:
        with suppress(Exception):
            probe.fs.rm_file(probe.path)
    n_won = failures.count(None)
    if n_won == 0:
        raise StoreRefusedError(
            f"{root}: need a store that can be written, got {failures[0]!r}; check that the bucket "
            "exists, the address of the service, the credentials, and what they allow"
        )
    if n_won > 1:
        raise _unsafe(root, f"{n_won} of {len(failures)} creates of one file succeed")


def _failure(probe: UPath, number: int) -> Exception | None:
    try:
        create(probe, str(number).encode())
    except Exception as error:  # every client of a store has errors of its own
        return error
    return None


def _only_looks_first(fs: Any) -> bool:
    inner = getattr(fs, "fs", None)
    if isinstance(inner, AbstractFileSystem):
        return _only_looks_first(inner)
    return getattr(fs.pipe_file, "__func__", None) is AbstractFileSystem.pipe_file


def _unsafe(place: UPath | Path, fact: str) -> StoreRefusedError:
    return StoreRefusedError(
        f"{place}: need an atomic create-if-absent, found that {fact}; two writers could overwrite "
        "each other. Use another location, or open this one with single_writer=True and never "
        "write from two processes at once"
    )


def _link(staged: Path, path: Path) -> None:
    try:
        path.hardlink_to(staged)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in _NO_HARD_LINKS:
            raise _unsafe(path, "the file system has no hard links") from error
        raise


@contextmanager
def _staged(path: Path, content: bytes) -> Iterator[Path]:
    """A finished temporary file beside ``path``; whatever happens, it is gone afterwards."""
    _make_folder(path.parent)
    staged = path.parent / f"{TEMPORARY_PREFIX}{uuid4().hex}"
    try:
        with staged.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield staged
    finally:
        staged.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _full_disk_named(path: UPath, n_bytes: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StoreFullError(
            error.errno,
            f"no room for {n_bytes} bytes; nothing of this file was kept and all former versions "
            "are unharmed. Free space (vacuum removes old versions), then run again",
            str(path),
        ) from error
