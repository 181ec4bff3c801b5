"""Which unknown objects the training of a checkpoint showed, as far as the store still knows."""

from collections.abc import Iterator
from dataclasses import dataclass

from assets.benchmarks.subject import Lineage
from assets.segmenters.crops import BANK
from assets.selecting.samples import TABLE as PAIRS
from assets.tracing.checkpoints import stored_checkpoints, training_set_of
from assets.tracing.facts import CheckpointFacts, facts_of_row
from assets.tracing.reading import Reader
from assets.tracing.roles import Role, roles_of
from storage.manifests.layout import UNPARTITIONED
from storage.records import OodObject
from storage.training_records import TrainingPair


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """Classes of objects, or a note why they are not known."""

    classes: frozenset[str] = frozenset()
    note: str = ""


def lineage_of(facts: CheckpointFacts, reader: Reader | None) -> Lineage:
    """Objects that a training showed: those in the scenes it learned from, and those it pasted.

    What the trainings showed that it goes back to counts, too, where the store has them.
    """
    if reader is None:
        shown = [_Shown(note="no store to look up what it was trained on")]
    else:
        trainings = _with_earlier(facts, reader)
        shown = [
            one for each in trainings for one in (_learned(each, reader), _pasted(each, reader))
        ]
    return Lineage(
        training=facts.training,
        training_set=f"{facts.selection}@{facts.manifest_version}",
        object_classes=tuple(sorted(frozenset().union(*(one.classes for one in shown)))),
        note="; ".join(one.note for one in shown if one.note),
    )


def _with_earlier(facts: CheckpointFacts, reader: Reader) -> Iterator[CheckpointFacts]:
    """A training, then the one whose checkpoint it began with, and so on."""
    stored = {one.row.checkpoint_sha256: one.row for one in stored_checkpoints(reader)}
    wanted: CheckpointFacts | None = facts
    while wanted is not None:
        yield wanted
        row = stored.pop(wanted.initial_sha256 or "", None)  # popped: no walk goes in circles
        wanted = facts_of_row(row) if row else None


def _learned(facts: CheckpointFacts, reader: Reader) -> _Shown:
    version = training_set_of(facts, reader)
    if version is None:
        return _Shown(note=f"its training set {facts.selection}@{facts.manifest_version} is gone")
    rows = reader.records(version, PAIRS, TrainingPair)
    used = roles_of(rows, facts.held_out_frame_ids)
    learned = (sample.row for sample in used if sample.role is Role.LEARNED)
    return _Shown(classes=frozenset(name for row in learned for name in row.object_class_names))


def _pasted(facts: CheckpointFacts, reader: Reader) -> _Shown:
    if facts.objects_version is None:
        return _Shown()
    named = f"{facts.objects_version}:{facts.objects_fingerprint}"
    bank = reader.named(BANK, UNPARTITIONED, named)
    if bank is None:
        return _Shown(note=f"its bank of objects, version {facts.objects_version}, is gone")
    rows = reader.records(bank, BANK, OodObject, verdict="kept")
    return _Shown(classes=frozenset(row.class_name for row in rows))
