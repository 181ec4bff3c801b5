"""Vacuum: gives back the room of old versions, of what killed writers left, and of orphan blobs.

Nothing younger than ``min_age_s`` is touched, because a writer stores blobs and parts before the
pointer that names them: the age must exceed the longest run between the two. Everything is listed
before the pointers are read, and nothing is removed until all that stays has been read.
"""

import time
from collections.abc import Container, Mapping
from dataclasses import dataclass

from upath import UPath

from storage.atomic import TEMPORARY_PREFIX
from storage.blobs import BlobStore, is_blob
from storage.listing import StoredFile, files_below, remove, remove_tree
from storage.manifests.history import History
from storage.manifests.inventory import Inventory, draft_folder, take_inventory
from storage.manifests.pointers import ManifestVersion
from storage.manifests.references import blobs_of_drafts, blobs_of_versions, missing_blobs

__all__ = ["VacuumReport", "missing_blobs", "orphan_blobs", "vacuum"]


@dataclass(frozen=True, kw_only=True)
class VacuumReport:
    """How many of each were removed, and how many bytes that freed."""

    pointers: int
    parts: int
    drafts: int
    blobs: int
    temporary_files: int
    freed_bytes: int


@dataclass(frozen=True)
class _Plan:
    """What vacuum removes; pointers are sorted so that the oldest version goes first."""

    pointers: list[StoredFile]
    parts: list[StoredFile]
    blobs: list[StoredFile]
    temporary_files: list[StoredFile]
    drafts: Mapping[UPath, list[StoredFile]]

    @property
    def size(self) -> int:
        """Bytes of all files that go."""
        drafted = [file for files in self.drafts.values() for file in files]
        files = self.pointers + self.parts + self.blobs + self.temporary_files + drafted
        return sum(file.size for file in files)


def vacuum(
    manifests: History, blobs: BlobStore, *, keep_versions: int, min_age_s: float
) -> VacuumReport:
    """Remove what no kept version needs: pointers, parts, drafts, blobs, unfinished files.

    The newest ``keep_versions`` versions of every partition stay, and so does everything younger
    than ``min_age_s``; a draft is as young as its newest file.

    Raises:
        ValueError: if ``keep_versions`` is below 1 or ``min_age_s`` below 0.
        DamagedPartError: if something that stays cannot be read; nothing is removed then.
    """
    if keep_versions < 1 or min_age_s < 0:
        raise ValueError(
            f"need keep_versions >= 1 and min_age_s >= 0, got {keep_versions} and {min_age_s}"
        )
    plan = _plan(manifests, blobs, keep_versions, time.time() - min_age_s)
    for file in plan.pointers + plan.parts + plan.blobs + plan.temporary_files:
        remove(file.path)
    for draft in plan.drafts:
        remove_tree(draft)
    return VacuumReport(
        pointers=len(plan.pointers),
        parts=len(plan.parts),
        drafts=len(plan.drafts),
        blobs=len(plan.blobs),
        temporary_files=len(plan.temporary_files),
        freed_bytes=plan.size,
    )


def orphan_blobs(manifests: History, blobs: BlobStore, *, min_age_s: float) -> list[str]:
    """Blobs older than ``min_age_s`` that no version and no draft names, sorted.

    Raises:
        DamagedPartError: if a version or a draft cannot be read.
    """
    limit_s = time.time() - min_age_s
    old = {blob.sha256 for blob in blobs if blob.modified_s <= limit_s}
    _, drafts = _parted_drafts(manifests, take_inventory(manifests), float("-inf"))
    needed = blobs_of_versions(manifests, _kept_versions(manifests, ())) | blobs_of_drafts(drafts)
    return sorted(old - needed)


def _plan(manifests: History, blobs: BlobStore, keep_versions: int, limit_s: float) -> _Plan:
    blob_files = [file for file in files_below(blobs.folder) if file.modified_s <= limit_s]
    inventory = take_inventory(manifests)
    pointers = _expired_pointers(inventory, keep_versions, limit_s)
    stale, active = _parted_drafts(manifests, inventory, limit_s)
    kept = _kept_versions(manifests, {file.path.path for file in pointers})
    parts = _unneeded_parts(manifests, inventory, kept)
    needed = blobs_of_versions(manifests, kept) | blobs_of_drafts(active)
    unfinished = [file for file in blob_files if file.path.name.startswith(TEMPORARY_PREFIX)]
    return _Plan(
        pointers=pointers,
        parts=[file for file in parts if file.modified_s <= limit_s],
        blobs=[f for f in blob_files if is_blob(f) and f.path.stem not in needed],
        temporary_files=unfinished
        + [file for file in inventory.temporary_files if file.modified_s <= limit_s],
        drafts=stale,
    )


def _expired_pointers(inventory: Inventory, keep_versions: int, limit_s: float) -> list[StoredFile]:
    beyond = [
        pointers[number]
        for pointers in inventory.pointers.values()
        for number in sorted(pointers)[:-keep_versions]
    ]
    return [file for file in beyond if file.modified_s <= limit_s]


def _kept_versions(manifests: History, expired: Container[str]) -> list[ManifestVersion]:
    """All versions that are there now, also those younger than the inventory, but the expired."""
    return [
        manifests.version(asset, number, partition)
        for asset in manifests.assets()
        for partition in manifests.partitions(asset)
        for number in manifests.version_numbers(asset, partition)
        if manifests.pointer_path(asset, partition, number).path not in expired
    ]


def _unneeded_parts(
    manifests: History, inventory: Inventory, kept: list[ManifestVersion]
) -> list[StoredFile]:
    needed = {
        (manifests.partition_folder(version.asset, version.partition) / part.path).path
        for version in kept
        for table in version.tables.values()
        for part in table.parts
    }
    return [file for file in inventory.parts if file.path.path not in needed]


def _parted_drafts(
    manifests: History, inventory: Inventory, limit_s: float
) -> tuple[dict[UPath, list[StoredFile]], list[UPath]]:
    """Drafts that go, with their files, and drafts that stay."""
    stale: dict[UPath, list[StoredFile]] = {}
    active: list[UPath] = []
    for key, files in inventory.drafts.items():
        folder = draft_folder(manifests, key)
        if all(file.modified_s <= limit_s for file in files):
            stale[folder] = files
        else:
            active.append(folder)
    return stale, active
