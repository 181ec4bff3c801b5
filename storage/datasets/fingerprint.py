"""Fingerprints of folders, taken from the listing alone."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def fingerprint_files(folder: Path) -> str:
    """Digest over the relative name, size and modification time of every file below a folder.

    Order of the listing does not matter. A file that is overwritten with the same size and the same
    modification time goes unnoticed: contents are hashed where they are read (`OodObject`).
    Hidden files are left out.
    """
    digest = hashlib.sha256()
    for line in sorted(_describe_files(folder, "", frozenset())):
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _describe_files(folder: Path | str, prefix: str, above: frozenset[str]) -> Iterator[str]:
    place = os.path.realpath(folder)
    if place in above:  # a link that leads back to a folder on the way
        yield f"{prefix}\0loop\n"
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _describe_files(entry.path, f"{prefix}{entry.name}/", above | {place})
            else:
                facts = _facts_of(entry)
                yield f"{prefix}{entry.name}\0{facts.st_size}\0{facts.st_mtime_ns}\n"


def _facts_of(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        return entry.stat()
    except OSError:  # a link to nothing is a fact of its own
        return entry.stat(follow_symlinks=False)
