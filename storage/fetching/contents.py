"""What is known of a file's bytes before it is here, and whether the bytes here are these."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from storage.fetching.connection import FetchError

CHUNK_BYTES = 1 << 18

NOTHING = "nothing"


class WrongContentError(FetchError):
    """The bytes are not those that were published."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a source publishes of a file's bytes; None where it publishes no such thing.

    Attributes:
        git_sha1: of the file as a blob of git: what the hub publishes of small files.
        md5_start: first hex digits of the MD5, as Segment Anything's file names carry them.
    """

    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None
    md5_start: str | None = None

    @property
    def told(self) -> str:
        """The strongest fact, for people and for the lock file."""
        if self.sha256:
            return "SHA-256"
        if self.git_sha1:
            return "size and git's SHA-1"
        if self.md5_start:
            digits = f"{len(self.md5_start)} digits of the MD5"
            return digits if self.size is None else f"size and {digits}"
        return NOTHING


class _Digests(NamedTuple):
    sha256: str
    git_sha1: str
    md5: str


def checked_sha256(path: Path, contents: Contents) -> str:
    """SHA-256 of a file whose bytes are those; it is read once.

    Raises:
        WrongContentError: saying what differs; the caller knows what to call the file.
    """
    size = path.stat().st_size
    if contents.size not in (None, size):
        raise WrongContentError(f"need {contents.size} bytes, got {size}")
    digests = _digests(path, size, contents)
    for name, digest, need in (
        ("SHA-256", digests.sha256, contents.sha256),
        ("a SHA-1 of git", digests.git_sha1, contents.git_sha1),
        ("an MD5 that begins with", digests.md5, contents.md5_start),
    ):
        if need is not None and not digest.startswith(need):
            raise WrongContentError(f"need {name} {need}, got {digest[: len(need)]}")
    return digests.sha256


def in_words(n_bytes: int) -> str:
    """A size for people, in powers of 1000."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.2f} {unit}"
    return f"{n_bytes} bytes"


def _digests(path: Path, size: int, contents: Contents) -> _Digests:
    """The SHA-256 of a file and the hashes that ``contents`` asks for, from one reading."""
    sha256 = hashlib.sha256()
    git_sha1 = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    md5 = hashlib.md5(usedforsecurity=False)
    updates = [sha256.update]
    updates += [git_sha1.update] * (contents.git_sha1 is not None)
    updates += [md5.update] * (contents.md5_start is not None)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            for update in updates:
                update(chunk)
    return _Digests(sha256.hexdigest(), git_sha1.hexdigest(), md5.hexdigest())
