"""The rows that the page of an experiment is made of, and which of its trials are missing."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.experiment.plan import Plan
from storage.experiment_records import (
    REPORT_WORLD,
    SELECTION_WORLD,
    ExperimentClaim,
    ExperimentResult,
    ExperimentTrial,
)

WORLDS = (SELECTION_WORLD, REPORT_WORLD)


@dataclass(frozen=True, kw_only=True)
class ExperimentRows:
    """What one plan has given in one world.

    Attributes:
        plan: what was to be done.
        world: that was measured in, one of `WORLDS`.
        trials: of the plan, in any order.
        results: of the plan in that world.
        claims: of the plan in that world.
        versions: of the manifests that the rows were read from, by asset.
        n_plans_tried: plans that ever had results in the selection world; None if not known.
        n_plans_scored: plans that ever had results in this world; None if not known.
        n_runs: in which networks were measured in this world; None if not known.
    """

    plan: Plan
    world: str
    trials: tuple[ExperimentTrial, ...]
    results: tuple[ExperimentResult, ...]
    claims: tuple[ExperimentClaim, ...]
    versions: Mapping[str, int]
    n_plans_tried: int | None = None
    n_plans_scored: int | None = None
    n_runs: int | None = None

    def __post_init__(self) -> None:
        """Refuse rows of another plan or world: their numbers would stand under a wrong name."""
        if self.world not in WORLDS:
            raise ValueError(f"need one of the worlds {', '.join(WORLDS)}, got {self.world!r}")
        for rows in (self.trials, self.results, self.claims):
            for row in rows:
                _require("plan", row.plan, self.plan.digest)
        _require_world(self)

    @property
    def architectures(self) -> tuple[str, ...]:
        """Networks of the plan, in its order."""
        return tuple(self.plan.networks)

    @property
    def headline_claims(self) -> tuple[ExperimentClaim, ...]:
        """Claims of the family that the plan states, in its order: by arm, then by metric."""
        line = self.plan.headline
        order = [(arm, metric) for arm in line.against for metric in line.metrics]
        found = {(c.against, c.metric): c for c in self.claims if c.is_headline}
        return tuple(found[key] for key in order if key in found)


def n_measured_trials(rows: ExperimentRows) -> int:
    """Trials that have results."""
    return len({(row.architecture, row.arm, row.seed) for row in rows.results})


def missing_words(rows: ExperimentRows) -> list[str]:
    """A sentence for each arm that lacks seeds, and for each claim that cannot be told yet."""
    return [*_missing_trials(rows), *_missing_claims(rows)]


def _missing_trials(rows: ExperimentRows) -> list[str]:
    trained = {(row.architecture, row.arm, row.seed) for row in rows.trials}
    measured = {(row.architecture, row.arm, row.seed) for row in rows.results}
    told = []
    for architecture in rows.architectures:
        if architecture not in {of[0] for of in trained | measured}:
            told.append(f"{architecture}: no arm trained, none measured.")
            continue
        for arm in rows.plan.arms_of(architecture):
            seeds = [(architecture, arm, seed) for seed in range(rows.plan.n_seeds)]
            lacking = [key for key in seeds if key not in measured]
            if lacking:
                told.append(_lacking(lacking, n_seeds=len(seeds), trained=trained))
    return told


def _lacking(
    lacking: list[tuple[str, str, int]], *, n_seeds: int, trained: set[tuple[str, str, int]]
) -> str:
    architecture, arm, _ = lacking[0]
    name = f"{architecture}, {arm}"
    n_trained = sum(key in trained for key in lacking)
    also = f"; {n_trained} of them trained, but not measured" if n_trained else ""
    if len(lacking) == n_seeds:
        return f"{name}: none of {n_seeds} seeds measured{also}."
    seeds = ", ".join(str(seed) for _, _, seed in lacking)
    n_left = n_seeds - len(lacking)
    return f"{name}: {n_left} of {n_seeds} seeds measured, without {seeds}{also}."


def _missing_claims(rows: ExperimentRows) -> list[str]:
    line = rows.plan.headline
    n_planned = len(line.against) * len(line.metrics)
    n_lacking = n_planned - len(rows.headline_claims)
    if not n_lacking:
        return []
    return [f"{n_lacking} of the {n_planned} headline claims of the plan cannot be told yet."]


def _require(what: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise ValueError(f"need rows of the {what} {wanted}, got one of {found}")


def _require_world(rows: ExperimentRows) -> None:
    for result in rows.results:
        _require("world", result.world, rows.world)
    for claim in rows.claims:
        _require("world", claim.world, rows.world)
