"""Files that a person brings in a folder: without a network, or where only a browser gets them."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from storage.fetching.connection import FetchError
from storage.fetching.contents import Contents, WrongContentError, checked_sha256, in_words
from storage.fetching.lock_file import (
    LOCK_NAME,
    LockedFile,
    read_lock,
    refuse_other_source,
    write_lock,
)
from storage.fetching.published import contents_by_name
from storage.fetching.sources import SourceFile
from storage.fetching.transfer import full_disk_named, partial_path

_IDENTITY = "brought"
_NAMES_TOLD = 5
_PARTS_ALONE = 2
"""Of the target of a file that lies directly in the folder of its set."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A file that was taken in, and what its bytes were compared with."""

    file: SourceFile
    entry: LockedFile


def take_in(
    folder: Path, given: Path, files: Iterable[SourceFile], *, update: bool
) -> tuple[Brought, ...]:
    """Copy files from ``given`` into ``folder`` and write them down; the network is not used.

    A file is looked for under its target, and under its bare name if it lies by itself. Its bytes
    must be those that the lock of ``folder`` pins, or else those that a lock in ``given`` names: a
    folder that was fetched on another machine brings its own.

    Raises:
        WrongContentError: if they are others; ``given`` is never changed.
        FetchError: if none of the files is there, or the disk has no room.
    """
    wanted = tuple(files)
    found = {file.target: path for file in wanted if (path := _find(given, file)) is not None}
    if not found:
        names = [file.target for file in wanted]
        told = ", ".join(names[:_NAMES_TOLD] + ["..."] * (len(names) > _NAMES_TOLD))
        raise FetchError(f"{given}: need one or more of {told}; found none of them")
    entries, others = read_lock(folder), read_lock(given)
    brought: list[Brought] = []
    for file in wanted:
        if file.target not in found:
            continue
        own, other = entries.get(file.target), others.get(file.target)
        for place, entry in ((folder, own), (given, other)):
            if entry is not None:
                refuse_other_source(place, file, entry)
        pinned = other if update or own is None else own
        entries[file.target] = _taken_in(folder, found[file.target], file, pinned)
        write_lock(folder, entries)
        brought.append(Brought(file=file, entry=entries[file.target]))
    return tuple(brought)


def _find(given: Path, file: SourceFile) -> Path | None:
    """A bare name is enough for files that lie by themselves: others have names as config.json."""
    target = PurePosixPath(file.target)
    names = [target, PurePosixPath(target.name)] if len(target.parts) <= _PARTS_ALONE else [target]
    return next((given / name for name in names if (given / name).is_file()), None)


def _taken_in(
    folder: Path, source: Path, file: SourceFile, pinned: LockedFile | None
) -> LockedFile:
    path = folder / file.target
    by_name = contents_by_name(file)
    contents = by_name if pinned is None else replace(pinned.contents, md5_start=by_name.md5_start)
    _refuse_full_disk(folder, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path, _IDENTITY)
    try:
        with full_disk_named(partial):
            shutil.copyfile(source, partial)
        sha256 = checked_sha256(partial, contents)
        size = partial.stat().st_size
        partial.replace(path)
    except WrongContentError as error:
        fact = f"{error}, as {LOCK_NAME} says" if pinned else str(error)
        raise WrongContentError(f"{source}: {fact}; nothing was taken in from it") from error
    finally:
        partial.unlink(missing_ok=True)
    return pinned or _unasked(file, sha256, size, contents)


def _unasked(file: SourceFile, sha256: str, size: int, contents: Contents) -> LockedFile:
    return LockedFile(
        repository=file.repository,
        path=file.path,
        revision=None,
        size=size,
        sha256=sha256,
        license=file.license,
        checked_by=contents.told,
    )


def _refuse_full_disk(folder: Path, source: Path) -> None:
    need, free = source.stat().st_size, shutil.disk_usage(folder).free
    if need > free:
        raise FetchError(
            f"{folder}: need {in_words(need)} of free space for {source.name}, found "
            f"{in_words(free)}; free some, or name another folder with --to"
        )
