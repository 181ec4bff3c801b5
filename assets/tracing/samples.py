"""From a sample to all that it was made from, and to the checkpoints that used it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.importing.scenes import ASSET as IMPORTED
from assets.retracting.retractions import read_retractions
from assets.retracting.sources import Retracted
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE as PAIRS
from assets.tracing.checkpoints import StoredCheckpoint, stored_checkpoints, training_set_of
from assets.tracing.editions import Edition, SampleRow, editions_of, pictures_of
from assets.tracing.facts import facts_of_row
from assets.tracing.files import TracedFile, blobs_of, sources_of
from assets.tracing.making import Making, trace_making
from assets.tracing.names import SampleName
from assets.tracing.reading import Reader
from assets.tracing.roles import Role, roles_of
from storage.manifests.pointers import ManifestVersion
from storage.scene_records import LabelledScene
from storage.training_records import TrainingPair


@dataclass(frozen=True, kw_only=True)
class Use:
    """A checkpoint whose training set holds the sample, under this picture or another.

    Attributes:
        checkpoint: its row.
        role: what the training did with the sample.
        is_same_picture: false where the set held another picture under the name.
    """

    checkpoint: StoredCheckpoint
    role: Role
    is_same_picture: bool


@dataclass(frozen=True, kw_only=True)
class TracedSample:
    """Everything that a store knows of a sample.

    Attributes:
        name: as training sets have it.
        row: the newest row of this picture: of the scene, or of a training set if that is all.
        scene: row of the scene with layouts and masks; None where only training sets have it.
        version: that holds the scene; None likewise.
        other_pictures: that the name has had besides.
        files: photograph and label of the frame.
        blobs: picture, label and layouts.
        making: how it was generated; None where it was imported.
        training_sets: kept versions that hold this picture, newest first within a selection.
        uses: checkpoints whose training set holds the name.
        unknown_uses: checkpoints whose training set is not in the store any more.
        notes: what is not there any more.
    """

    name: SampleName
    row: SampleRow
    scene: LabelledScene | None
    version: ManifestVersion | None
    other_pictures: tuple[str, ...]
    files: tuple[TracedFile, ...]
    blobs: tuple[TracedFile, ...]
    making: Making | None
    training_sets: tuple[ManifestVersion, ...]
    uses: tuple[Use, ...]
    unknown_uses: tuple[StoredCheckpoint, ...]
    notes: tuple[str, ...]


def trace_sample(
    name: SampleName, image_sha256: str | None, reader: Reader, data_root: Path
) -> TracedSample:
    """What the store knows of a sample.

    Args:
        name: of a sample that some kept version has.
        image_sha256: one of the pictures that it has had; the newest if not given.
        reader: of the store.
        data_root: folder of the data sets.

    Raises:
        LookupError: if no kept version has such a sample.
    """
    editions = editions_of(name, reader)
    if not editions:
        raise LookupError(f"{name}: need a sample that a kept version has, got none")
    image = image_sha256 or editions[0].row.image_sha256
    meant = [edition for edition in editions if edition.row.image_sha256 == image]
    scene, version = _scene(meant)
    making = None if name.asset == IMPORTED else trace_making(meant[0].row, version, reader)
    uses, unknown = _uses(name, image, reader)
    notes = [] if scene else [f"{name.asset}: no kept version has this scene any more"]
    return TracedSample(
        name=name,
        row=meant[0].row,
        scene=scene,
        version=version,
        other_pictures=tuple(one for one in pictures_of(editions) if one != image),
        files=sources_of(_with_digests(meant), making.request.row if making else None, data_root),
        blobs=tuple(blobs_of(meant[0].row, scene, reader.store.blobs)),
        making=making,
        training_sets=tuple(one.version for one in meant if one.version.asset == TRAINING_SET),
        uses=uses,
        unknown_uses=unknown,
        notes=(*notes, *(making.notes if making else ()), *_retracted(name, meant, reader)),
    )


def _retracted(name: SampleName, meant: Sequence[Edition], reader: Reader) -> list[str]:
    """What is retracted of it, and what could not be read."""
    told = [
        f"{row.source}, which it was made from, is retracted: {row.reason}"
        for row in read_retractions(reader.store)
        if Retracted(frozenset({row.source, *row.doubles})).has_sample(name.asset, meant[0].row)
    ]
    return [*told, *reader.damage]


def _scene(meant: Sequence[Edition]) -> tuple[LabelledScene | None, ManifestVersion | None]:
    for edition in meant:
        if isinstance(edition.row, LabelledScene):
            return edition.row, edition.version
    return None, None


def _with_digests(meant: Sequence[Edition]) -> SampleRow:
    """A row of a training set where there is one: it says which bytes photograph and label had."""
    pairs = (one.row for one in meant if not isinstance(one.row, LabelledScene))
    return next(pairs, meant[0].row)


def _uses(
    name: SampleName, image: str, reader: Reader
) -> tuple[tuple[Use, ...], tuple[StoredCheckpoint, ...]]:
    """Checkpoints that used the sample, and those of which nobody can tell any more."""
    uses, unknown = [], []
    for stored in stored_checkpoints(reader):
        version = training_set_of(facts_of_row(stored.row), reader)
        if version is None:
            unknown.append(stored)
            continue
        # A sample's part follows from the rows of its frame alone.
        rows = reader.records(version, PAIRS, TrainingPair, frame_id=name.frame_id)
        samples = roles_of(rows, stored.row.held_out_frame_ids)
        found = next((one for one in samples if one.sample == str(name)), None)
        if found is not None:
            is_same = found.row.image_sha256 == image
            uses.append(Use(checkpoint=stored, role=found.role, is_same_picture=is_same))
    return tuple(uses), tuple(unknown)
