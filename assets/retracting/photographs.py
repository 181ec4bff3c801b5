"""Networks that learned from a data set as it lies on disk: no training set lists what they saw.

A start on the known classes sees every training frame but those that it held out; a trial of the
experiment sees frames too, and objects of the bank that are pasted into them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from assets.closed_set.names import ASSET as CLOSED_SET
from assets.closed_set.names import CHECKPOINTS
from assets.experiment.names import TRIALS
from assets.retracting.sources import FRAMES, OBJECT_SETS
from assets.tracing.reading import Reader
from storage.experiment_records import ExperimentTrial
from storage.manifests.pointers import ManifestVersion
from storage.training_records import ClosedSetCheckpoint


@dataclass(frozen=True, kw_only=True)
class MayHaveLearned:
    """Weights of a version that may hold a source, and cannot forget it."""

    version: ManifestVersion
    checkpoints: tuple[str, ...]


def may_have_learned(source: str, reader: Reader) -> Iterator[MayHaveLearned]:
    """Versions of trained networks of which nobody can say that they never saw a source."""
    dataset, _, name = source.partition("/")
    if dataset == FRAMES:
        yield from _starts(name, reader)
    if dataset in (FRAMES, *OBJECT_SETS):
        for version in reader.all_kept(TRIALS):
            trials = reader.records(version, TRIALS, ExperimentTrial)
            seen = [t for t in trials if dataset == FRAMES or t.data is not None]
            if seen:
                names = dict.fromkeys(trial.checkpoint_sha256 for trial in seen)
                yield MayHaveLearned(version=version, checkpoints=tuple(names))


def _starts(frame_id: str, reader: Reader) -> Iterator[MayHaveLearned]:
    for version in reader.all_kept(CLOSED_SET):
        rows = reader.records(version, CHECKPOINTS, ClosedSetCheckpoint)
        seen = [row for row in rows if frame_id not in row.held_out_frame_ids]
        if seen:
            names = tuple(row.checkpoint_sha256 for row in seen)
            yield MayHaveLearned(version=version, checkpoints=names)
