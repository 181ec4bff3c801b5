"""What can be counted over scenes: acceptance, reasons, classes, conditions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assets.gallery.rows import ACCEPTED, REJECTED, UNJUDGED, DrawnAttempt, PartitionRows

REASONS = {
    "nothing_pasted": "nothing pasted",
    "empty_mask": "no object found",
    "sam_disagrees": "another shape found",
    "not_ood": "not out of distribution",
    "layout_disagrees": "layout not followed",
}
"""`models.filtering.Reason` in words."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Attempts, or objects of attempts, by what became of them."""

    accepted: int = 0
    rejected: int = 0
    unjudged: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.accepted + self.rejected + self.unjudged

    @property
    def acceptance(self) -> float | None:
        """Share of the judged ones that are accepted, 0 to 1; None where none is judged."""
        n_judged = self.accepted + self.rejected
        return self.accepted / n_judged if n_judged else None


@dataclass(frozen=True, kw_only=True)
class SceneCounts:
    """Counts over one or several partitions; tallies are sorted, the largest first.

    ``conditions`` and ``reasons`` count attempts, ``classes`` objects of attempts.
    """

    n_frames: int
    n_scenes: int
    n_scenes_accepted: int
    n_labels: int
    attempts: Tally
    first_attempts: Tally
    reasons: Mapping[str, Tally]
    classes: Mapping[str, Tally]
    conditions: Mapping[str, Tally]
    frames_without_scene: Mapping[str, int] = field(default_factory=dict)


def count_scenes(parts: Sequence[PartitionRows]) -> SceneCounts:
    """Counts over all scenes of the partitions."""
    attempts = [item for part in parts for item in part.attempts]
    return SceneCounts(
        n_frames=len(_frames(parts)),
        n_scenes=len(_scenes(parts)),
        n_scenes_accepted=sum(
            scene.shown.status == ACCEPTED for part in parts for scene in part.scenes
        ),
        n_labels=sum(item.label is not None for item in attempts),
        attempts=_tally(item.status for item in attempts),
        first_attempts=_tally(item.status for item in attempts if item.attempt.attempt == 0),
        reasons=_tallies((reason_of(item), item) for item in attempts if item.status == REJECTED),
        classes=_tallies((name, item) for item in attempts for name in item.class_names),
        conditions=_tallies((item.condition, item) for item in attempts),
        frames_without_scene=_without_scene(parts),
    )


def reason_of(item: DrawnAttempt) -> str:
    """Why an attempt was rejected, in words; empty where it was not."""
    reason = (item.verdict and item.verdict.reason) or ""
    return REASONS.get(reason, reason.replace("_", " "))


def _frames(parts: Sequence[PartitionRows]) -> set[str]:
    asked = {row.frame_id for part in parts for row in part.requests}
    return asked | {item.attempt.frame_id for part in parts for item in part.attempts}


def _scenes(parts: Sequence[PartitionRows]) -> set[tuple[str, str, int]]:
    """Scenes that were asked for or drawn."""
    asked = {
        (row.round, row.frame_id, row.variant)
        for part in parts
        for row in part.requests
        if row.reason is None
    }
    rows = (item.attempt for part in parts for item in part.attempts)
    return asked | {(row.round, row.frame_id, row.variant) for row in rows}


def _without_scene(parts: Sequence[PartitionRows]) -> dict[str, int]:
    rows = [row for part in parts for row in part.requests]
    drawn = {row.frame_id for row in rows if row.reason is None}
    reasons = {row.frame_id: row.reason for row in rows if row.reason and row.frame_id not in drawn}
    return dict(sorted(Counter(map(str, reasons.values())).items()))


def _tallies(entries: Iterable[tuple[str, DrawnAttempt]]) -> dict[str, Tally]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, item in entries:
        found[name].append(item.status)
    tallies = {name: _tally(statuses) for name, statuses in found.items()}
    return dict(sorted(tallies.items(), key=lambda entry: (-entry[1].total, entry[0])))


def _tally(statuses: Iterable[str]) -> Tally:
    counts = Counter(statuses)
    return Tally(accepted=counts[ACCEPTED], rejected=counts[REJECTED], unjudged=counts[UNJUDGED])
