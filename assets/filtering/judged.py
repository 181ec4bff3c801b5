"""The verdicts of a partition beside the rows that they judge, and what can be counted of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assets.filtering.drawn import AttemptKey, Drawn, SceneKey, attempt_key, scene_key
from assets.filtering.judging import ASSET, TABLE
from assets.partitions import ScenePartition
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import SceneVerdict
from storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Verdicts of a round in numbers; shares are 0 to 1, and 0 where there is nothing to share."""

    n_attempts: int
    n_accepted: int
    n_scenes: int
    n_scenes_accepted: int
    n_first_accepted: int
    reasons: Counter[str]

    @property
    def acceptance(self) -> float:
        """Share of the scenes drawn that have an accepted attempt."""
        return self.n_scenes_accepted / max(1, self.n_scenes)

    @property
    def first_acceptance(self) -> float:
        """Share of the scenes drawn whose first attempt is accepted."""
        return self.n_first_accepted / max(1, self.n_scenes)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A version of the verdicts, with the attempts that they are about."""

    version: ManifestVersion
    drawn: Drawn
    verdicts: tuple[SceneVerdict, ...]

    @property
    def chosen(self) -> frozenset[AttemptKey]:
        """Attempts that are labelled."""
        return frozenset(attempt_key(row) for row in self.verdicts if row.is_chosen)


def read_verdicts(version: ManifestVersion, store: Store) -> tuple[SceneVerdict, ...]:
    """Rows of a version of the verdicts."""
    return tuple(to_records(store.manifests.rows(version, TABLE), SceneVerdict))


def tally_verdicts(verdicts: Sequence[SceneVerdict]) -> Tally:
    """The numbers of some verdicts."""
    first: dict[SceneKey, SceneVerdict] = {}
    for row in sorted(verdicts, key=lambda row: row.attempt):
        first.setdefault(scene_key(row), row)
    accepted = [row for row in verdicts if row.verdict == "accepted"]
    return Tally(
        n_attempts=len(verdicts),
        n_accepted=len(accepted),
        n_scenes=len(first),
        n_scenes_accepted=len({scene_key(row) for row in accepted}),
        n_first_accepted=sum(row.verdict == "accepted" for row in first.values()),
        reasons=Counter(row.reason for row in verdicts if row.reason is not None),
    )


def former_verdicts(
    partition: ScenePartition, rounds: Sequence[str], store: Store
) -> tuple[str, Tally] | None:
    """The round before this one that has verdicts on the same city, with their numbers.

    ``rounds`` are all of them, in the order in which they were opened.
    """
    earlier = rounds[: rounds.index(partition.round)] if partition.round in rounds else ()
    for name in reversed(earlier):
        key = ScenePartition(round=name, city=partition.city).key
        version = store.manifests.latest(ASSET, key)
        if version is not None:
            return name, tally_verdicts(read_verdicts(version, store))
    return None
