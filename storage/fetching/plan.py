"""What a fetch has to do: which files are here already, and which are to come."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from storage.fetching.connection import FetchError
from storage.fetching.contents import Contents, WrongContentError, checked_sha256, in_words
from storage.fetching.lock_file import (
    LockedFile,
    locked,
    read_lock,
    refuse_changed,
    refuse_other_source,
)
from storage.fetching.published import Published
from storage.fetching.sources import SourceFile
from storage.fetching.transfer import held_bytes, partial_path


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A file to fetch.

    Attributes:
        contents: that its bytes must have: what is published, and what the lock pins beyond that.
        partial: where its bytes gather until all are here.
    """

    published: Published
    contents: Contents
    partial: Path

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.contents.size or 0

    @property
    def bytes_to_come(self) -> int:
        """Bytes that no earlier attempt brought."""
        return max(0, self.size - held_bytes(self.partial))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is here, and what is to come.

    Attributes:
        entries: what the lock is to say before the first transfer.
        here: whole and checked.
    """

    folder: Path
    entries: Mapping[str, LockedFile]
    here: tuple[Published, ...]
    missing: tuple[Missing, ...]

    @property
    def bytes_to_come(self) -> int:
        """Bytes to transfer."""
        return sum(missing.bytes_to_come for missing in self.missing)


def plan_fetch(folder: Path, published: Iterable[Published], *, update: bool) -> Plan:
    """Compare a folder and its lock with what is published; writes nothing.

    A file that the lock does not name, or not as it is published, is read and compared.

    Raises:
        FetchError: if the lock pins something else and ``update`` is false, if another file
            occupies the place of one to fetch, or if the disk has no room.
    """
    files = tuple(published)
    entries = read_lock(folder)
    for file in files:
        entry = entries.get(file.file.target)
        if entry is not None:
            refuse_other_source(folder, file.file, entry)
        if entry is not None and not update:
            refuse_changed(folder, entry, file)
    here: list[Published] = []
    missing: list[Missing] = []
    for file in files:
        entry = entries.get(file.file.target)
        contents = file.contents if update else _pinned(file.contents, entry)
        found = _found(folder, file, entry, contents)
        if found is None:
            partial = partial_path(folder / file.file.target, file.identity)
            missing.append(Missing(published=file, contents=contents, partial=partial))
        else:
            entries[file.file.target] = found
            here.append(file)
    plan = Plan(folder=folder, entries=entries, here=tuple(here), missing=tuple(missing))
    _refuse_full_disk(plan)
    return plan


def are_all_here(folder: Path, files: Iterable[SourceFile]) -> bool:
    """Whether the lock names all of these files, and each is there in its size."""
    entries = read_lock(folder)
    sizes = [
        (folder / file.target, entries[file.target].size if file.target in entries else -1)
        for file in files
    ]
    return all(path.is_file() and path.stat().st_size == size for path, size in sizes)


def _pinned(contents: Contents, entry: LockedFile | None) -> Contents:
    return contents if entry is None else replace(contents, sha256=entry.sha256)


def _found(
    folder: Path, file: Published, entry: LockedFile | None, contents: Contents
) -> LockedFile | None:
    """The entry of a file that is here as it is published; None if it is to be fetched."""
    path = folder / file.file.target
    if not path.exists():
        return None
    size = held_bytes(path)
    if entry is not None and _is_current(entry, file) and size == entry.size:
        return locked(file, entry.sha256, size)
    try:
        return locked(file, checked_sha256(path, contents), size)
    except WrongContentError as error:
        if entry is None:
            raise FetchError(
                f"{path}: is not the published file ({error}), and no fetch wrote it; move it "
                "away, or name another folder with --to"
            ) from error
        return None


def _is_current(entry: LockedFile, file: Published) -> bool:
    """Whether what was checked when the entry was written is what is published now."""
    if file.contents.sha256:
        return entry.sha256 == file.contents.sha256
    now = (file.revision, file.contents.size, file.contents.told)
    return (entry.revision, entry.size, entry.checked_by) == now


def _refuse_full_disk(plan: Plan) -> None:
    free = shutil.disk_usage(plan.folder).free
    if plan.bytes_to_come > free:
        raise FetchError(
            f"{plan.folder}: need {in_words(plan.bytes_to_come)} of free space, found "
            f"{in_words(free)}; nothing was fetched. Free some, or name another folder with --to"
        )
