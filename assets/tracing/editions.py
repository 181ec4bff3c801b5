"""The rows that a store holds of a sample: a name may have had several pictures over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assets.importing.scenes import ASSET as IMPORTED
from assets.labelling.labels import ASSET as LABELLED
from assets.labelling.labels import TABLE as SCENES
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE as PAIRS
from assets.tracing.names import SampleName
from assets.tracing.reading import Reader
from storage.manifests.pointers import ManifestVersion
from storage.scene_records import LabelledScene
from storage.training_records import TrainingPair

SampleRow: TypeAlias = LabelledScene | TrainingPair


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One row of a sample, and the version that holds it."""

    row: SampleRow
    version: ManifestVersion


def editions_of(name: SampleName, reader: Reader) -> tuple[Edition, ...]:
    """Every row of a sample that a kept version has: those of its own asset first, newest first."""
    found = [
        Edition(row=row, version=version)
        for version in scene_versions(name.asset, name.round, reader)
        for row in reader.records(version, SCENES, LabelledScene, **name.facts)
    ]
    found += [
        Edition(row=pair, version=version)
        for version in reader.all_kept(TRAINING_SET)
        for pair in reader.records(version, PAIRS, TrainingPair, asset=name.asset, **name.facts)
    ]
    return tuple(found)


def pictures_of(editions: Sequence[Edition]) -> list[str]:
    """Pictures that a sample has had, each once, in the order of its rows."""
    return list(dict.fromkeys(edition.row.image_sha256 for edition in editions))


def scene_versions(asset: str, round_key: str, reader: Reader) -> Iterator[ManifestVersion]:
    """Kept versions that may hold scenes of a round or set; none of an asset that has no scenes."""
    if asset == IMPORTED:
        yield from reader.kept(asset, round_key)
    if asset != LABELLED:
        return
    for key in reader.partitions(asset):
        if key.rpartition("|")[2] == round_key:
            yield from reader.kept(asset, key)
