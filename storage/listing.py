"""What lies in a store: names, sizes and ages of files, wherever the store is.

Listings must be fresh, because a cached one hides the version that another process committed: open
every root through `fresh_root`.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from upath import UPath

_TIME_KEYS = ("mtime", "LastModified", "last_modified", "updated", "created")


@dataclass(frozen=True)
class StoredFile:
    """One file of a store.

    ``name`` is its path relative to the folder that was listed; ``modified_s`` counts from the
    epoch.
    """

    path: UPath
    name: str
    size: int
    modified_s: float


def fresh_root(root: UPath | str) -> UPath:
    """The same place, opened so that no listing is cached."""
    place: UPath = UPath(root)
    if place.protocol in ("", "file", "local"):
        return place
    options = {**place.storage_options, "use_listings_cache": False}
    fresh: UPath = UPath(str(place), **options)
    return fresh


def stored_file(path: UPath) -> StoredFile | None:
    """Size and age of one file; None where it is absent."""
    try:
        info = path.fs.info(path.path)
    except FileNotFoundError:
        return None
    return StoredFile(path, path.name, int(info["size"] or 0), _modified_s(info))


def first_file(folder: UPath, stem: str, suffixes: Sequence[str]) -> UPath | None:
    """The file ``<stem><suffix>`` of a folder with the first suffix that there is; else None.

    An object store is asked once, by the start of the name, and not once for every suffix.
    """
    if "prefix" not in inspect.signature(folder.fs.find).parameters:
        places = (folder / f"{stem}{suffix}" for suffix in suffixes)
        return next((place for place in places if place.fs.isfile(place.path)), None)
    found = {str(name).rsplit("/", 1)[-1] for name in folder.fs.find(folder.path, prefix=stem)}
    return next((folder / f"{stem}{s}" for s in suffixes if f"{stem}{s}" in found), None)


def names(folder: UPath) -> list[str]:
    """Sorted names of the files and folders directly in a folder; none where there is no folder."""
    try:
        found = folder.fs.ls(folder.path, detail=False)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted({str(name).rstrip("/").rsplit("/", 1)[-1] for name in found} - {""})


def files_below(folder: UPath) -> Iterator[StoredFile]:
    """Every file at any depth below a folder, by path; none where the folder is absent."""
    found: dict[str, dict[str, Any]] = folder.fs.find(folder.path, detail=True)
    start = len(folder.fs._strip_protocol(folder.path).rstrip("/")) + 1
    for name, info in sorted(found.items()):
        below = name[start:]
        yield StoredFile(folder / below, below, int(info["size"] or 0), _modified_s(info))


def remove(path: UPath) -> None:
    """Remove a file; nothing happens where another process was quicker."""
    try:
        path.fs.rm_file(path.path)
    except FileNotFoundError:
        return


def _modified_s(info: dict[str, Any]) -> float:
    """Time of the last change; now where the store tells none, so that nothing counts as old."""
    for key in _TIME_KEYS:
        match info.get(key):
            case int() | float() as seconds:
                return float(seconds)
            case datetime() as moment:
                return moment.timestamp()
            case str() as text:
                return datetime.fromisoformat(text).timestamp()
    return datetime.now(UTC).timestamp()


def remove_tree(folder: UPath) -> None:
    """Remove a folder with all it holds; nothing happens where another process was quicker."""
    try:
        folder.fs.rm(folder.path, recursive=True)
    except FileNotFoundError:
        return
