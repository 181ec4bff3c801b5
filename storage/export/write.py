"""Write an export: everything beside its place, then into it in one step, or not at all."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.blobs import BlobStore
from storage.export.card import Origins, data_card
from storage.export.croissant import croissant
from storage.export.existing import MARKER, SUMS, is_same_export
from storage.export.pictures import scene_pictures
from storage.export.plan import EXPORT_FORMAT, ExportError, ExportPlan
from storage.export.scene_table import CSV, PARQUET, as_csv, as_parquet, scene_table

CARD, METADATA = "README.md", "croissant.json"

Progress = Callable[[int, int], None]
"""Called with the scenes that are done and all scenes."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of an export: its folder, its files and bytes; nothing new where it was there."""

    folder: Path
    n_files: int
    n_bytes: int
    is_new: bool


def write_export(
    out: Path, plan: ExportPlan, origins: Origins, blobs: BlobStore, progress: Progress
) -> Written:
    """Bring an export into a folder that is new or empty; one that holds it already is checked.

    The files are written into a hidden folder beside ``out``, which takes its name at the end. An
    error or an interrupt removes it; what a killed process left is removed by the next export.

    Raises:
        ExportError: if ``out`` holds anything else, a picture cannot be used, the disk is full, or
            another export is writing there.
        OSError: if there is no right to write.
    """
    out = out.expanduser().resolve()
    if is_same_export(out, plan.digest):
        return _told(out, is_new=False)
    with _staging(out) as folder:
        with _full_disk_named(out):
            _fill(folder, plan, origins, blobs, progress)
        os.sync()  # one for all files: thousands would take longer one by one
        _put_in_place(folder, out)
    return _told(out, is_new=True)


def _fill(
    folder: Path, plan: ExportPlan, origins: Origins, blobs: BlobStore, progress: Progress
) -> None:
    writer = _Writer(folder)
    counts = []
    for number, scene in enumerate(plan.scenes, start=1):
        pictures = scene_pictures(scene, blobs)
        for path, content in pictures.files.items():
            writer.write(path, content)
        counts.append((pictures.n_ood_px, pictures.n_void_px))
        progress(number, len(plan.scenes))
    table = scene_table(plan.scenes, counts)
    tables = {PARQUET: as_parquet(table), CSV: as_csv(table)}
    for name, content in tables.items():
        writer.write(name, content)
    writer.write(CARD, data_card(plan, origins).encode())
    writer.write(METADATA, croissant(plan, origins, tables).encode())
    writer.write(MARKER, _marker(plan, origins))
    writer.write(SUMS, writer.sums())


def _marker(plan: ExportPlan, origins: Origins) -> bytes:
    facts = {
        "format": EXPORT_FORMAT,
        "digest": plan.digest,
        "scenes": len(plan.scenes),
        "size": str(plan.size),
        "versions": [
            f"{version.asset}/{version.partition}:{version.version}:{version.fingerprint}"
            for version in origins.versions
        ],
    }
    return (json.dumps(facts, indent=2, sort_keys=True) + "\n").encode()


class _Writer:
    """Writes files below a folder and keeps their hashes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sums: dict[str, str] = {}

    def write(self, path: str, content: bytes) -> None:
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        self._sums[path] = hashlib.sha256(content).hexdigest()

    def sums(self) -> bytes:
        return "".join(f"{found}  {path}\n" for path, found in sorted(self._sums.items())).encode()


@contextmanager
def _full_disk_named(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ExportError(
            f"{out}: no room on its disk; nothing was kept. Free space, name a folder on another "
            "disk, or export fewer rounds or cities at a time"
        ) from error


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """An empty folder beside ``out`` that no other export uses; gone if the block fails."""
    folder = out.with_name(f".{out.name}.multishift-export")
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _hold_alone(descriptor, folder, out)
        try:
            _empty(folder)
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    finally:
        os.close(descriptor)


def _hold_alone(descriptor: int, folder: Path, out: Path) -> None:
    busy = ExportError(f"{out}: another export is writing there; run again when it has ended")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise busy from error
    # The other export may have ended, and its folder moved, between opening and locking.
    if not folder.exists() or not os.path.samestat(os.fstat(descriptor), folder.stat()):
        raise busy


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _put_in_place(folder: Path, out: Path) -> None:
    try:
        folder.rename(out)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            fact = "it was filled by somebody else meanwhile"
        else:
            fact = f"it cannot be replaced ({error.strerror})"
        raise ExportError(
            f"{out}: {fact}; nothing was kept. Name a new folder, such as {out / 'export'}"
        ) from error


def _told(out: Path, *, is_new: bool) -> Written:
    sizes = [path.stat().st_size for path in out.rglob("*") if path.is_file()]
    return Written(folder=out, n_files=len(sizes), n_bytes=sum(sizes), is_new=is_new)
