"""Carry a plan out: transfer, check, rename, write down. One fetch at a time in a folder."""

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.fetching.connection import Connection, FetchError
from storage.fetching.contents import WrongContentError, checked_sha256
from storage.fetching.lock_file import LOCK_NAME, locked, read_lock, write_lock
from storage.fetching.plan import Missing, Plan
from storage.fetching.sources import SourceFile
from storage.fetching.transfer import remove_partials, transfer

Progress = Callable[[str, int, int], None]
"""Called with a target, its bytes that are here, and all its bytes."""

_RUNNING = ".fetch.running"


@contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """Make the folder, and keep other fetches out of it.

    Where a file system ignores locks, two fetches may spoil each other's partial files, never a
    finished one: the bytes are checked on disk before they take their name.

    Raises:
        FetchError: if another fetch is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _RUNNING).open("wb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FetchError(
                f"{folder}: another fetch is at work there; run again when it has ended"
            ) from error
        yield


def carry_out(plan: Plan, connection: Connection, progress: Progress) -> None:
    """Fetch what is missing; each file that is done stays done, whatever happens later.

    Raises:
        WrongContentError: if bytes are not those that are published; they are removed.
        FetchError: as `transfer`.
    """
    entries = dict(plan.entries)
    if entries != read_lock(plan.folder):
        write_lock(plan.folder, entries)
    for missing in plan.missing:
        target = missing.published.file.target
        path = plan.folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        sha256 = _fetched_sha256(missing, connection, progress)
        missing.partial.replace(path)
        remove_partials(path)
        entries[target] = locked(missing.published, sha256, missing.size)
        write_lock(plan.folder, entries)


def verify(folder: Path, files: Iterable[SourceFile], progress: Progress) -> int:
    """Read every file that the lock names, of these, and compare; gives their number.

    Raises:
        FetchError: naming the files that are gone or damaged, after all were read.
    """
    entries = read_lock(folder)
    known = [file.target for file in files if file.target in entries]
    damaged: list[str] = []
    for target in known:
        entry = entries[target]
        progress(target, 0, entry.size)
        try:
            checked_sha256(folder / target, entry.contents)
        except FileNotFoundError:
            damaged.append(f"{target}: is gone")
        except WrongContentError as error:
            damaged.append(f"{target}: {error}")
        progress(target, entry.size, entry.size)
    if damaged:
        raise FetchError(
            f"{folder / LOCK_NAME}: {len(damaged)} of {len(known)} files are not as it says "
            f"({'; '.join(damaged)}); remove these, then run without --verify"
        )
    return len(known)


def _fetched_sha256(missing: Missing, connection: Connection, progress: Progress) -> str:
    published, size = missing.published, missing.size
    target = published.file.target
    progress(target, size - missing.bytes_to_come, size)
    transfer(
        connection,
        published.url,
        missing.partial,
        size,
        lambda done: progress(target, done, size),
    )
    try:
        return checked_sha256(missing.partial, missing.contents)
    except WrongContentError as error:
        missing.partial.unlink()
        raise WrongContentError(
            f"{published.url}: {error}; the bytes were removed. Run the same command again; if "
            "this repeats, they are not what is published"
        ) from error
