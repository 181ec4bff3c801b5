"""Bytes from an address into a partial file, which goes on where it broke off."""

import errno
import glob
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.fetching.connection import (
    Answer,
    Connection,
    FetchError,
    RangeRefusedError,
    UnreachableError,
    open_url,
    read_bytes,
)
from storage.fetching.contents import CHUNK_BYTES, WrongContentError, in_words

PARTIAL_SUFFIX = ".partial"


def transfer(
    connection: Connection,
    url: str,
    partial: Path,
    size: int,
    tell: Callable[[int], None],
) -> None:
    """Make ``partial`` hold ``size`` bytes from ``url``; what it holds already is not sent again.

    A transfer that breaks off goes on after a pause. It is given up once as many attempts as there
    are pauses have brought nothing new; then, and on Ctrl-C, the partial file stays.

    Args:
        connection: how to ask.
        url: of the bytes.
        partial: its name must belong to this content and to no other.
        size: of the whole file.
        tell: called with the number of bytes that are here, as they come.

    Raises:
        UnreachableError: if it was given up.
        WrongContentError: if the other side has another number of bytes; ``partial`` is removed.
        FetchError: if access is denied, nothing is there, or the disk is full.
    """
    pauses, most = iter(connection.pauses_s), held_bytes(partial)
    while True:
        try:
            with full_disk_named(partial):
                return _receive(connection, url, partial, size, tell)
        except UnreachableError as error:
            failure = error
        if held_bytes(partial) > most:
            pauses, most = iter(connection.pauses_s), held_bytes(partial)
        pause = next(pauses, None)
        if pause is None:
            held = f"{in_words(held_bytes(partial))} of {in_words(size)} are here"
            raise UnreachableError(f"{failure}; {held} and stay: run the same command again")
        time.sleep(pause)


def partial_path(path: Path, identity: str) -> Path:
    """Where the bytes of a content gather that is to become ``path``."""
    return path.with_name(f"{path.name}.{identity}{PARTIAL_SUFFIX}")


def remove_partials(path: Path) -> None:
    """Remove what is left of earlier attempts at ``path``, of whatever content."""
    for partial in path.parent.glob(f"{glob.escape(path.name)}.*{PARTIAL_SUFFIX}"):
        partial.unlink(missing_ok=True)


def held_bytes(path: Path) -> int:
    """Size of a file; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def _receive(
    connection: Connection, url: str, partial: Path, size: int, tell: Callable[[int], None]
) -> None:
    held = held_bytes(partial)
    if held > size:
        partial.unlink()
        held = 0
    if held == size and partial.exists():
        return
    with _removed_if_refused(partial), open_url(connection, url, start=held) as answer:
        if answer.size not in (None, size) or answer.start not in (0, held):
            partial.unlink(missing_ok=True)
            raise WrongContentError(
                f"{url}: need {size} bytes, got an answer of {answer.size} from {answer.start} on; "
                "see whether the file has changed there"
            )
        with partial.open("r+b" if answer.start else "wb") as stream:
            stream.seek(answer.start)
            _pour(url, answer, stream, size, tell)
    if held_bytes(partial) > size:
        partial.unlink()
        raise WrongContentError(f"{url}: need {size} bytes, got more; they were removed")


def _pour(
    url: str, answer: Answer, stream: BinaryIO, size: int, tell: Callable[[int], None]
) -> None:
    """Write the answer; what came before a failure is written too."""
    done = answer.start
    while done <= size and (chunk := read_bytes(answer, url, CHUNK_BYTES)):
        stream.write(chunk)
        done += len(chunk)
        tell(done)
    if done < size:
        raise UnreachableError(f"{url}: broke off")
    stream.flush()
    os.fsync(stream.fileno())


@contextmanager
def _removed_if_refused(partial: Path) -> Iterator[None]:
    """Begin anew after an answer that there is nothing to go on with."""
    try:
        yield
    except RangeRefusedError as error:
        partial.unlink(missing_ok=True)
        raise UnreachableError(str(error)) from error


@contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Say of a full disk what it means here."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise FetchError(
            f"{path}: no room on the disk; what is here stays: free space, then run again"
        ) from error
