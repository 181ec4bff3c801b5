"""From a checkpoint to its inputs and samples: what it says, and what the store still has of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.retracting.retractions import read_retractions
from assets.segmenters.names import ASSET, CHECKPOINTS, CODE_VERSION
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE, data_version_of, has_pictures
from assets.tracing.facts import CheckpointFacts, differences, facts_of_file, facts_of_row
from assets.tracing.inputs import State, TracedInput, trace_inputs
from assets.tracing.reading import Reader
from assets.tracing.roles import Role, UsedSample, roles_of
from storage.images import file_sha256
from storage.manifests.pointers import ManifestVersion
from storage.training_records import SegmenterCheckpoint, TrainingPair


@dataclass(frozen=True, kw_only=True)
class StoredCheckpoint:
    """A row of a checkpoint, and the newest kept version that holds it."""

    row: SegmenterCheckpoint
    version: ManifestVersion
    is_current: bool
    """Whether that is the latest version of its partition."""


@dataclass(frozen=True, kw_only=True)
class TracedCheckpoint:
    """Everything that is known of a checkpoint.

    Attributes:
        sha256: of its file.
        file: that was asked about, or the blob; None where the weights are not there any more.
        facts: what it says of itself, or what its row says.
        stored: its row; None where the store has none.
        inputs: what it was made from, and whether that is there.
        samples: rows of its training set with their part; none where that is gone.
        n_lost_pictures: samples whose picture or label is not in the store any more.
        problems: what does not fit, in words.
    """

    sha256: str
    file: str | None
    facts: CheckpointFacts
    stored: StoredCheckpoint | None
    inputs: tuple[TracedInput, ...]
    samples: tuple[UsedSample, ...]
    n_lost_pictures: int
    problems: tuple[str, ...]


def stored_checkpoints(reader: Reader) -> Iterator[StoredCheckpoint]:
    """Every checkpoint that a kept version names, once, by its bytes; newest versions first."""
    seen: set[tuple[str, str]] = set()
    for key in reader.partitions(ASSET):
        for number, version in enumerate(reader.kept(ASSET, key)):
            for row in reader.records(version, CHECKPOINTS, SegmenterCheckpoint):
                if (key, row.checkpoint_sha256) not in seen:
                    seen.add((key, row.checkpoint_sha256))
                    yield StoredCheckpoint(row=row, version=version, is_current=number == 0)


def trace_file(path: Path, reader: Reader | None) -> TracedCheckpoint:
    """What a file says, beside what the store has of it; ``reader`` is None where there is none.

    Raises:
        ValueError: if it is no file of `segmenter_checkpoint`.
    """
    facts, sha256 = facts_of_file(path), file_sha256(path)
    found = list(stored_checkpoints(reader)) if reader else []
    stored = next((one for one in found if one.row.checkpoint_sha256 == sha256), None)
    problems = []
    if stored is not None:
        wrong = differences(facts, facts_of_row(stored.row))
        problems += [f"file and row of the store differ in {', '.join(wrong)}"] if wrong else []
    elif any(_is_namesake(one.row, facts) for one in found):
        problems.append(
            "the store has another file of the same training and step: these weights are not those "
            "that the training left"
        )
    return _traced(sha256, str(path), facts, stored, reader, problems)


def trace_stored(stored: StoredCheckpoint, reader: Reader) -> TracedCheckpoint:
    """What the row of a checkpoint says, beside what the store has of it."""
    sha256, blobs = stored.row.checkpoint_sha256, reader.store.blobs
    path = str(blobs.path(sha256)) if blobs.exists(sha256) else None
    problems = [] if path else ["its weights are not in the store any more"]
    return _traced(sha256, path, facts_of_row(stored.row), stored, reader, problems)


def training_set_of(facts: CheckpointFacts, reader: Reader) -> ManifestVersion | None:
    """The version that a checkpoint was trained on, or a kept one with the same rows."""
    named = f"{facts.manifest_version}:{facts.manifest_fingerprint}"
    meant = reader.named(TRAINING_SET, facts.selection, named)
    kept = [*([meant] if meant else []), *reader.kept(TRAINING_SET, facts.selection)]
    same = (version for version in kept if data_version_of(version) == facts.rows_fingerprint)
    return next(same, None)


def _traced(
    sha256: str,
    file: str | None,
    facts: CheckpointFacts,
    stored: StoredCheckpoint | None,
    reader: Reader | None,
    problems: list[str],
) -> TracedCheckpoint:
    training_set = training_set_of(facts, reader) if reader else None
    rows = reader.records(training_set, TABLE, TrainingPair) if reader and training_set else []
    samples = roles_of(rows, facts.held_out_frame_ids)
    n_learned = sum(sample.role is Role.LEARNED for sample in samples)
    if samples and n_learned != facts.n_pairs:
        problems.append(f"says {facts.n_pairs} pairs were learned from, its rows make {n_learned}")
    if facts.code_version != CODE_VERSION:
        problems.append(f"trained by code version {facts.code_version}, here is {CODE_VERSION}")
    if reader is not None:
        problems += [
            f"{row.source}, which it learned from, is retracted: {row.reason}"
            for row in read_retractions(reader.store)
            if sha256 in row.checkpoints
        ]
    inputs = trace_inputs(facts, training_set, reader)
    problems += [one.told for one in inputs if one.state is State.GONE]
    lost = [s for s in samples if reader and not has_pictures(s.row, reader.store.blobs)]
    return TracedCheckpoint(
        sha256=sha256,
        file=file,
        facts=facts,
        stored=stored,
        inputs=inputs,
        samples=samples,
        n_lost_pictures=len(lost),
        problems=(*problems, *(reader.damage if reader else ())),
    )


def _is_namesake(row: SegmenterCheckpoint, facts: CheckpointFacts) -> bool:
    return (row.training, row.step) == (facts.training, facts.step)
