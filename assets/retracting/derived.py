"""Everything that was made from a source: rows, checkpoints that learned from it, their results."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assets.importing.names import ASSET as IMPORTED
from assets.retracting.doubles import doubles_of
from assets.retracting.drafts import HeldDraft, find_drafts
from assets.retracting.holdings import OF_SCENES, Holding, find_holdings
from assets.retracting.learning import what_is_told
from assets.retracting.memory import read_memory
from assets.retracting.photographs import MayHaveLearned, may_have_learned
from assets.retracting.retractions import read_retractions
from assets.retracting.sources import Retracted
from assets.segmenters.crops import BANK
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.tracing.checkpoints import StoredCheckpoint, stored_checkpoints
from assets.tracing.reading import Reader
from storage.benchmark_records import BenchmarkResult

RESULTS, RESULTS_TABLE = "benchmark_scores", "benchmark_results"


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What is known of a checkpoint, which cannot forget a source that it learned from.

    Attributes:
        checkpoint: its row.
        samples: that it learned from.
        objects: that it may have pasted, since its bank held them.
        benchmarks: on which it was measured.
        is_remembered: whether a former purge or retraction noted that it used the source.
        lost: assets whose version it was made from, gone without a note: nobody knows of them.
    """

    checkpoint: StoredCheckpoint
    samples: tuple[str, ...]
    objects: tuple[str, ...]
    benchmarks: tuple[str, ...]
    is_remembered: bool
    lost: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Whether it is known to have used the source."""
        return bool(self.samples or self.objects or self.is_remembered)


@dataclass(frozen=True, kw_only=True)
class Derived:
    """What a store holds that was made from one source.

    Attributes:
        source: its name.
        doubles: sources that show the same, and count as the source itself.
        holdings: versions with such rows.
        drafts: unfinished work with such rows.
        learned: checkpoints that learned from it.
        unknown: checkpoints of which nobody knows, since what they were made from is gone.
        possible: versions of networks that learned from whole data sets, the source's among them.
        damage: what could not be read or told.
    """

    source: str
    doubles: tuple[str, ...]
    holdings: tuple[Holding, ...]
    drafts: tuple[HeldDraft, ...]
    learned: tuple[Learned, ...]
    unknown: tuple[Learned, ...]
    possible: tuple[MayHaveLearned, ...]
    damage: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.holdings or self.drafts or self.learned)

    def names(self, asset: str) -> tuple[str, ...]:
        """Names of the rows that any version of an asset holds."""
        found = (h.rows for h in self.holdings if h.version.asset == asset)
        return tuple(dict.fromkeys(name for rows in found for name in rows))

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """SHA-256 of those that learned from it."""
        return tuple(one.checkpoint.row.checkpoint_sha256 for one in self.learned)

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
    """What the kept versions of a store tell; the source need not be retracted.

    Raises:
        DamagedPartError: if former retractions cannot be read.
    """
    rows = [row for row in read_retractions(reader.store) if row.source == source]
    known = {name for row in rows for name in row.doubles}
    doubles = sorted({*known, *doubles_of(Retracted(frozenset({source, *known})), reader)})
    retracted = Retracted(frozenset({source, *doubles}))
    recorded = {sha256 for row in rows for sha256 in row.checkpoints}
    memory = read_memory(reader.store)
    found = [
        _learned(stored, retracted, reader, memory, recorded)
        for stored in stored_checkpoints(reader)
    ]
    return Derived(
        source=source,
        doubles=tuple(doubles),
        holdings=tuple(find_holdings(retracted, reader)),
        drafts=tuple(find_drafts(retracted, reader)),
        learned=tuple(one for one in found if one.is_sure),
        unknown=tuple(one for one in found if one.lost and not one.is_sure),
        possible=tuple(may_have_learned(source, reader)),
        damage=tuple(reader.damage),
    )


def _group(holding: Holding) -> tuple[str, str]:
    """What is purged together: the stages of a partition name each other's versions."""
    version = holding.version
    return ("scenes" if version.asset in OF_SCENES else version.asset), version.partition


def _learned(
    stored: StoredCheckpoint,
    retracted: Retracted,
    reader: Reader,
    memory: Mapping[tuple[str, str], frozenset[str]],
    recorded: Collection[str],
) -> Learned:
    sha256 = stored.row.checkpoint_sha256
    told = what_is_told(stored, reader)
    gone = [asset for asset, words in told.items() if words is None]
    noted = [memory[sha256, asset] for asset in gone if (sha256, asset) in memory]
    used = {asset: words.made_from(retracted) for asset, words in told.items() if words}
    return Learned(
        checkpoint=stored,
        samples=used.get(TRAINING_SET, ()),
        objects=used.get(BANK, ()),
        benchmarks=_benchmarks(sha256, reader),
        is_remembered=sha256 in recorded or any(retracted.sources & names for names in noted),
        lost=tuple(asset for asset in gone if (sha256, asset) not in memory),
    )


def _benchmarks(sha256: str, reader: Reader) -> tuple[str, ...]:
    found = {
        result.benchmark
        for version in reader.all_kept(RESULTS)
        for result in reader.records(version, RESULTS_TABLE, BenchmarkResult, subject=sha256)
    }
    return tuple(sorted(found))
