"""Finding the checkpoint that people name, and what the store knows of where it comes from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upath import UPath

from assets.benchmarks.lineage import lineage_of
from assets.benchmarks.subject import Lineage, Subject
from assets.closed_set.committing import rows_of as closed_set_rows
from assets.closed_set.names import ARCHITECTURES as CLOSED_SET_ARCHITECTURES
from assets.closed_set.names import ASSET as CLOSED_SET
from assets.closed_set.names import START
from assets.segmenters.committing import rows_of
from assets.segmenters.names import ASSET as SEGMENTER
from assets.tracing.checkpoints import stored_checkpoints
from assets.tracing.facts import METADATA, facts_of_file, facts_of_row
from assets.tracing.names import is_whole_digest
from assets.tracing.reading import Reader
from storage.atomic import write_atomically
from storage.images import file_sha256
from storage.manifests.pointers import ManifestVersion
from storage.store import Store
from storage.training_records import SegmenterCheckpoint
from storage.weights import read_metadata

LATEST = "latest"
"""Names the best checkpoint of the latest training of a selection."""


@dataclass(frozen=True, kw_only=True)
class NamedCheckpoint:
    """How people name a checkpoint.

    Attributes:
        checkpoint: ``latest``, ``closed_set``, a SHA-256 in the store, or a path.
        selection: whose latest training is meant.
        architecture: of the network; "" where the file or the store tells it.
    """

    checkpoint: str = LATEST
    selection: str = "default"
    architecture: str = ""


@dataclass(frozen=True, kw_only=True)
class FoundCheckpoint:
    """A checkpoint to measure, where it comes from, and the version that holds it, if any."""

    subject: Subject
    lineage: Lineage
    version: ManifestVersion | None = None


def find_checkpoint(
    named: NamedCheckpoint, store: Store | None, folder: Path | None = None
) -> FoundCheckpoint:
    """The checkpoint that is named.

    Args:
        named: by people.
        store: of this project; None where there is none.
        folder: for a copy of a blob where the store is no folder of this machine.

    Raises:
        ValueError: if there is none, or its architecture is not known.
        BadFileError: if the file cannot be read.
    """
    if store is None or not _is_of_store(named.checkpoint):
        return _file(named, store)
    if named.checkpoint == LATEST:
        return _latest(named, store, folder)
    if named.checkpoint == START:
        return _closed_set(named, store, folder)
    return _digest(named, store, folder)


def _is_of_store(checkpoint: str) -> bool:
    return checkpoint in (LATEST, START) or is_whole_digest(checkpoint)


def _file(named: NamedCheckpoint, store: Store | None) -> FoundCheckpoint:
    path = Path(named.checkpoint).expanduser()
    if not path.is_file():
        where = "a file" if store is None else f"a file, a SHA-256, {LATEST} or {START}"
        raise ValueError(f"{named.checkpoint}: need a checkpoint ({where}), got no such file")
    written = _written(path)
    architecture = named.architecture or str(written.get("architecture", ""))
    if not architecture:
        raise ValueError(f"{path}: does not tell its architecture; name it")
    sha256 = file_sha256(path)
    facts = (
        facts_of_file(path) if written.get("asset", SEGMENTER) == SEGMENTER and written else None
    )
    lineage = lineage_of(facts, Reader(store) if store else None) if facts else _plain(written)
    return FoundCheckpoint(
        subject=Subject(
            kind="checkpoint", sha256=sha256, architecture=architecture, file=str(path.absolute())
        ),
        lineage=lineage,
    )


def _written(path: Path) -> dict[str, Any]:
    """What this project wrote into a file; nothing for files of others."""
    if path.suffix != ".safetensors":
        return {}
    return dict(json.loads(read_metadata(path).get(METADATA, "{}")))


def _plain(written: dict[str, Any]) -> Lineage:
    """Of a closed-set checkpoint, which saw no unknown object, or of a file of others."""
    if written.get("asset") == CLOSED_SET:
        return Lineage(training=str(written.get("training", "")) or None, note="")
    return Lineage()


def _latest(named: NamedCheckpoint, store: Store, folder: Path | None) -> FoundCheckpoint:
    version = store.manifests.latest(SEGMENTER, named.selection)
    rows = rows_of(version, store).checkpoints if version else ()
    fitting = [row for row in rows if row.is_best and named.architecture in ("", row.architecture)]
    if version is None or len(fitting) != 1:
        there = ", ".join(sorted({row.architecture for row in rows})) or "none"
        wanted = named.architecture or "one architecture"
        raise ValueError(
            f"{SEGMENTER}, selection {named.selection}: need a checkpoint of {wanted}, there are "
            f"{there}; materialize it first (job train), or name the architecture"
        )
    return _of_row(fitting[0], version, store, folder)


def _of_row(
    row: SegmenterCheckpoint, version: ManifestVersion, store: Store, folder: Path | None
) -> FoundCheckpoint:
    return FoundCheckpoint(
        subject=_blob(row.checkpoint_sha256, row.architecture, store, folder),
        lineage=lineage_of(facts_of_row(row), Reader(store)),
        version=version,
    )


def _closed_set(named: NamedCheckpoint, store: Store, folder: Path | None) -> FoundCheckpoint:
    architecture = named.architecture or CLOSED_SET_ARCHITECTURES[0]
    version = store.manifests.latest(CLOSED_SET, architecture)
    if version is None:
        raise ValueError(
            f"{store.root}: need {CLOSED_SET} of {architecture}, got none; materialize it first "
            "(job train_closed_set)"
        )
    row = closed_set_rows(version, store).checkpoint
    return FoundCheckpoint(
        subject=_blob(row.checkpoint_sha256, architecture, store, folder),
        lineage=Lineage(training=row.training, note=""),
        version=version,
    )


def _digest(named: NamedCheckpoint, store: Store, folder: Path | None) -> FoundCheckpoint:
    reader, sha256 = Reader(store), named.checkpoint
    for one in stored_checkpoints(reader):
        if one.row.checkpoint_sha256 == sha256:
            return _of_row(one.row, one.version, store, folder)
    for version in reader.all_kept(CLOSED_SET):
        row = closed_set_rows(version, store).checkpoint
        if row.checkpoint_sha256 == sha256:
            subject = _blob(sha256, row.architecture, store, folder)
            lineage = Lineage(training=row.training, note="")
            return FoundCheckpoint(subject=subject, lineage=lineage, version=version)
    raise ValueError(f"{store.root}: no checkpoint with SHA-256 {sha256} is kept; name its file")


def _blob(sha256: str, architecture: str, store: Store, folder: Path | None) -> Subject:
    """The weights as a file of this machine."""
    blob = store.blobs.path(sha256)
    if blob.protocol not in ("", "file", "local"):
        if folder is None:
            raise ValueError(f"{blob}: need a folder for a copy of the checkpoint, got none")
        copied = UPath(folder / f"{sha256}.safetensors")
        write_atomically(copied, store.blobs.get(sha256))
        blob = copied
    return Subject(kind="checkpoint", sha256=sha256, architecture=architecture, file=str(blob))
