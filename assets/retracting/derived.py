"""Everything that was made from a source: rows, checkpoints that learned from it, their results."""

from dataclasses import dataclass

from assets.importing.scenes import ASSET as IMPORTED
from assets.retracting.holdings import OF_SCENES, Holding, find_holdings
from assets.retracting.sources import Retracted
from assets.segmenters.crops import BANK
from assets.selecting.samples import TABLE as PAIRS
from assets.tracing.checkpoints import StoredCheckpoint, stored_checkpoints, training_set_of
from assets.tracing.facts import facts_of_row
from assets.tracing.reading import Reader
from assets.tracing.roles import Role, roles_of
from storage.benchmark_records import BenchmarkResult
from storage.manifests.layout import UNPARTITIONED
from storage.records import OodObject
from storage.training_records import TrainingPair

RESULTS, RESULTS_TABLE = "benchmark_scores", "benchmark_results"


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A checkpoint that cannot forget a source.

    Attributes:
        checkpoint: its row.
        samples: that it learned from.
        objects: that it may have pasted, since its bank held them.
        benchmarks: on which it was measured.
    """

    checkpoint: StoredCheckpoint
    samples: tuple[str, ...]
    objects: tuple[str, ...]
    benchmarks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Derived:
    """What a store holds that was made from one source.

    Attributes:
        source: its name.
        holdings: versions with such rows.
        learned: checkpoints that learned from it.
        unknown: checkpoints whose training set is gone, so that nobody knows.
        damage: what could not be read.
    """

    source: str
    holdings: tuple[Holding, ...]
    learned: tuple[Learned, ...]
    unknown: tuple[StoredCheckpoint, ...]
    damage: tuple[str, ...]

    def names(self, asset: str) -> tuple[str, ...]:
        """Names of the rows that any version of an asset holds."""
        found = (h.rows for h in self.holdings if h.version.asset == asset)
        return tuple(dict.fromkeys(name for rows in found for name in rows))

    @property
    def current(self) -> tuple[Holding, ...]:
        """Latest versions that still hold it: they are to be materialized again.

        An imported set that is retracted itself cannot be: it goes as a whole.
        """
        return tuple(h for h in self.holdings if h.is_latest and not self.is_whole(h))

    @property
    def removable(self) -> tuple[Holding, ...]:
        """Versions that can go: nothing that is current, and nothing that the current needs."""
        held = {_group(holding) for holding in self.current}
        return tuple(h for h in self.holdings if _group(h) not in held)

    def is_whole(self, holding: Holding) -> bool:
        """Whether a version holds nothing but a retracted set."""
        version = holding.version
        return version.asset == IMPORTED and self.source == f"imported/{version.partition}"


def find_derived(source: str, reader: Reader) -> Derived:
    """What the kept versions of a store tell; the source need not be retracted."""
    retracted = Retracted(frozenset({source}))
    learned, unknown = [], []
    for stored in stored_checkpoints(reader):
        found = _learned(stored, retracted, reader)
        if found is None:
            unknown.append(stored)
        elif found.samples or found.objects:
            learned.append(found)
    return Derived(
        source=source,
        holdings=tuple(find_holdings(retracted, reader)),
        learned=tuple(learned),
        unknown=tuple(unknown),
        damage=tuple(reader.damage),
    )


def _group(holding: Holding) -> tuple[str, str]:
    """What is purged together: the stages of a partition name each other's versions."""
    version = holding.version
    return ("scenes" if version.asset in OF_SCENES else version.asset), version.partition


def _learned(stored: StoredCheckpoint, retracted: Retracted, reader: Reader) -> Learned | None:
    facts = facts_of_row(stored.row)
    version = training_set_of(facts, reader)
    if version is None:
        return None
    samples = roles_of(reader.records(version, PAIRS, TrainingPair), facts.held_out_frame_ids)
    used = [s for s in samples if retracted.has_sample(s.row.asset, s.row)]
    return Learned(
        checkpoint=stored,
        samples=tuple(s.sample for s in used if s.role is Role.LEARNED),
        objects=_pasted(stored, retracted, reader),
        benchmarks=_benchmarks(stored.row.checkpoint_sha256, reader),
    )


def _pasted(stored: StoredCheckpoint, retracted: Retracted, reader: Reader) -> tuple[str, ...]:
    row = stored.row
    if row.objects_version is None:
        return ()
    named = f"{row.objects_version}:{row.objects_fingerprint}"
    bank = reader.named(BANK, UNPARTITIONED, named)
    objects = [] if bank is None else reader.records(bank, BANK, OodObject, verdict="kept")
    return tuple(one.object_id for one in objects if retracted.has_object(one.object_id))


def _benchmarks(sha256: str, reader: Reader) -> tuple[str, ...]:
    found = {
        result.benchmark
        for version in reader.all_kept(RESULTS)
        for result in reader.records(version, RESULTS_TABLE, BenchmarkResult, subject=sha256)
    }
    return tuple(sorted(found))
