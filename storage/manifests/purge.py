"""Purge: removes chosen versions with all that they alone hold, whatever their age.

What is to go is written down first, and that paper is removed last: a purge that was killed is
finished by the next one. Every blob and part is compared with what stays before it goes, also then.
Nothing else may write meanwhile: a blob that a running step has stored, and not named yet, may be
one of those that go.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from upath import UPath

from storage.atomic import write_atomically
from storage.blobs import BlobStore, MissingBlobError
from storage.inner_paths import is_inner
from storage.listing import names, remove, remove_tree, stored_file
from storage.manifests.history import History, NoVersionError
from storage.manifests.inventory import DraftKey, draft_folder, take_inventory
from storage.manifests.pointers import ManifestVersion
from storage.manifests.references import blobs_of_drafts, blobs_of_versions

FOLDER = "purges"
_DIGITS = 16


class DamagedPurgeError(ValueError):
    """The paper of a purge that was not finished cannot be followed."""


@dataclass(frozen=True, kw_only=True)
class PurgeReport:
    """What went, and how many blobs stay because something else names them."""

    versions: int = 0
    parts: int = 0
    drafts: int = 0
    blobs: int = 0
    freed_bytes: int = 0
    shared_blobs: int = 0

    def __add__(self, other: "PurgeReport") -> "PurgeReport":
        return PurgeReport(
            versions=self.versions + other.versions,
            parts=self.parts + other.parts,
            drafts=self.drafts + other.drafts,
            blobs=self.blobs + other.blobs,
            freed_bytes=self.freed_bytes + other.freed_bytes,
            shared_blobs=self.shared_blobs + other.shared_blobs,
        )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Files and blobs that are to go, named so that another process can go on."""

    pointers: tuple[tuple[str, str, int, str], ...]
    parts: tuple[tuple[str, str, str], ...]
    drafts: tuple[DraftKey, ...]
    blobs: tuple[str, ...]


def purge(
    manifests: History,
    blobs: BlobStore,
    *,
    versions: Sequence[ManifestVersion],
    suspects: Collection[str],
    drafts: Collection[DraftKey] = (),
) -> PurgeReport:
    """Remove versions, their parts, drafts, and the ``suspects`` (blobs) that nothing else names.

    Purges that were not finished are finished first. Doing it twice changes nothing more.

    Raises:
        DamagedPartError: if something that stays cannot be read; what is left is removed by the
            next purge, after that was put right.
    """
    done = finish_purges(manifests, blobs)
    if not versions and not suspects and not drafts:
        return done
    plan = _Plan(
        pointers=tuple(
            (one.asset, one.partition, one.version, one.fingerprint) for one in versions
        ),
        parts=tuple(
            (one.asset, one.partition, part.path)
            for one in versions
            for table in one.tables.values()
            for part in table.parts
        ),
        drafts=tuple(sorted(drafts)),
        blobs=tuple(sorted(suspects)),
    )
    content = json.dumps(plan.__dict__, sort_keys=True).encode()
    paper = _folder(manifests) / f"{hashlib.sha256(content).hexdigest()[:_DIGITS]}.json"
    write_atomically(paper, content)
    return done + _finish(manifests, blobs, paper)


def finish_purges(manifests: History, blobs: BlobStore) -> PurgeReport:
    """Go on with every purge that was killed."""
    done = PurgeReport()
    for name in names(_folder(manifests)):
        if name.endswith(".json") and not name.startswith("."):
            done += _finish(manifests, blobs, _folder(manifests) / name)
    return done


def _folder(manifests: History) -> UPath:
    return manifests.folder.parent / FOLDER


def _finish(manifests: History, blobs: BlobStore, paper: UPath) -> PurgeReport:
    plan = _read(paper)
    paths = [
        manifests.pointer_path(asset, key, number)
        for asset, key, number, fingerprint in plan.pointers
        if _is_it(manifests, asset, key, number, fingerprint)
    ]
    n_versions, n_bytes = _remove(paths)
    n_drafts, draft_bytes = _remove_drafts(manifests, plan.drafts)
    kept = [
        manifests.version(asset, number, key)
        for asset in manifests.assets()
        for key in manifests.partitions(asset)
        for number in manifests.version_numbers(asset, key)
    ]
    needed_parts = {
        (one.asset, one.partition, part.path)
        for one in kept
        for table in one.tables.values()
        for part in table.parts
    }
    parts = sorted(set(plan.parts) - needed_parts)
    folders = [manifests.partition_folder(asset, key) / path for asset, key, path in parts]
    needed = blobs_of_versions(manifests, kept) | blobs_of_drafts(_drafts(manifests))
    n_parts, part_bytes = _remove(folders)
    n_blobs, blob_bytes = _remove(_paths(blobs, set(plan.blobs) - needed))
    remove(paper)
    return PurgeReport(
        versions=n_versions,
        parts=n_parts,
        drafts=n_drafts,
        blobs=n_blobs,
        freed_bytes=n_bytes + draft_bytes + part_bytes + blob_bytes,
        shared_blobs=len(set(plan.blobs) & needed),
    )


def _is_it(manifests: History, asset: str, key: str, number: int, fingerprint: str) -> bool:
    """Whether a version is still the one that was to go: numbers begin anew where all are gone."""
    try:
        return manifests.version(asset, number, key).fingerprint == fingerprint
    except NoVersionError:  # gone before
        return False


def _read(paper: UPath) -> _Plan:
    """What a purge wrote down; whoever can write there must not make us remove other files."""
    try:
        found = json.loads(paper.fs.cat_file(paper.path))
        plan = _Plan(
            pointers=tuple((a, b, int(n), digest) for a, b, n, digest in found["pointers"]),
            parts=tuple((asset, key, path) for asset, key, path in found["parts"]),
            drafts=tuple((asset, key, draft) for asset, key, draft in found.get("drafts", ())),
            blobs=tuple(found["blobs"]),
        )
        if not all(is_inner(path) for _, _, path in plan.parts):
            raise ValueError("a file outside the store")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedPurgeError(
            f"{paper}: need what a purge has left to do, got {error!r:.200}; remove the file, then "
            "run `multishift retract SOURCE --purge` again"
        ) from error
    return plan


def _drafts(manifests: History) -> list[UPath]:
    return [draft_folder(manifests, key) for key in take_inventory(manifests).drafts]


def _remove_drafts(manifests: History, keys: Iterable[DraftKey]) -> tuple[int, int]:
    """How many drafts were there and are gone now, and their bytes."""
    there, wanted = take_inventory(manifests).drafts, set(keys)
    going = {key: files for key, files in there.items() if key in wanted}
    for key in going:
        remove_tree(draft_folder(manifests, key))
    return len(going), sum(file.size for files in going.values() for file in files)


def _paths(blobs: BlobStore, names: Iterable[str]) -> list[UPath]:
    found = []
    for name in sorted(names):
        try:
            found.append(blobs.path(name))
        except MissingBlobError:  # gone before
            continue
    return found


def _remove(paths: Iterable[UPath]) -> tuple[int, int]:
    """How many files were there and are gone now, and their bytes."""
    files = [file for file in map(stored_file, paths) if file is not None]
    for file in files:
        remove(file.path)
    return len(files), sum(file.size for file in files)
