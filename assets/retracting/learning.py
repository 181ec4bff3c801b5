"""What a checkpoint learned from and may have pasted, with the sources of each."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.compute as pc

from assets.retracting.sources import Retracted, sources_of_object, sources_of_sample
from assets.segmenters.crops import BANK
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE as PAIRS
from assets.tracing.checkpoints import StoredCheckpoint, training_set_of
from assets.tracing.facts import facts_of_row
from assets.tracing.reading import Reader
from assets.tracing.roles import Role, roles_of
from storage.manifests.layout import UNPARTITIONED
from storage.manifests.pointers import ManifestVersion
from storage.training_records import TrainingPair


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a version tells of a checkpoint; there is no version where nothing was used.

    Attributes:
        version: that tells it.
        sources: those of each sample or object, by its name.
    """

    version: ManifestVersion | None = None
    sources: Mapping[str, tuple[str, ...]]

    def made_from(self, retracted: Retracted) -> tuple[str, ...]:
        """Names of what was made from one of the sources."""
        wanted = retracted.sources
        return tuple(name for name, made in self.sources.items() if not wanted.isdisjoint(made))


def what_is_told(stored: StoredCheckpoint, reader: Reader) -> dict[str, Told | None]:
    """Samples and objects of a checkpoint, by the asset that tells; None where that is gone."""
    return {TRAINING_SET: _samples(stored, reader), BANK: _objects(stored, reader)}


def _samples(stored: StoredCheckpoint, reader: Reader) -> Told | None:
    facts = facts_of_row(stored.row)
    version = training_set_of(facts, reader)
    if version is None or reader.table(version, PAIRS) is None:
        return None
    samples = roles_of(reader.records(version, PAIRS, TrainingPair), facts.held_out_frame_ids)
    learned = (one for one in samples if one.role is Role.LEARNED)
    made = {one.sample: sources_of_sample(one.row.asset, one.row) for one in learned}
    return Told(version=version, sources=made)


def _objects(stored: StoredCheckpoint, reader: Reader) -> Told | None:
    row = stored.row
    if row.objects_version is None:
        return Told(sources={})
    named = f"{row.objects_version}:{row.objects_fingerprint}"
    version = reader.named(BANK, UNPARTITIONED, named)
    rows = None if version is None else reader.table(version, BANK)
    if rows is None:
        return None
    kept = rows.filter(pc.field("verdict") == "kept")["object_id"].to_pylist()
    return Told(version=version, sources={one: sources_of_object(one) for one in kept})
