"""Comparisons of arms over their common seeds, in families: the plan's own, and all others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from models.experiment.plan import HIGHER_IS_BETTER, Metric, Plan
from models.experiment.statistics import PairedComparison, compare_family
from storage.benchmark_records import ALL_DOMAINS
from storage.experiment_records import (
    ALL_SLICES,
    KNOWN_SLICE,
    UNSEEN_SLICE,
    ExperimentClaim,
    ExperimentResult,
)

MIN_PAIRS = 2
"""Seeds that a comparison needs."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Which two arms are compared in what.

    Attributes:
        architecture: of both.
        arm: that is claimed to be better.
        against: the other.
        metric: in which.
        slice: of the benchmarks' images.
    """

    architecture: str
    arm: str
    against: str
    metric: Metric
    slice: str

    @property
    def name(self) -> str:
        """Name within a family."""
        return "/".join((self.architecture, self.arm, self.against, self.metric, self.slice))


@dataclass(frozen=True, kw_only=True)
class PairedValues:
    """Numbers of two arms by common seed.

    Attributes:
        compared: what of which arms.
        benchmarks: over which each number is a mean.
        arm: numbers of the arm.
        against: numbers of the other, of the same seeds.
    """

    compared: Compared
    benchmarks: tuple[str, ...]
    arm: tuple[float, ...]
    against: tuple[float, ...]

    @property
    def differences(self) -> tuple[float, ...]:
        """Of each seed: arm minus other."""
        return tuple(a - b for a, b in zip(self.arm, self.against, strict=True))


def claims_of(
    plan: Plan, world: str, results: Sequence[ExperimentResult]
) -> tuple[ExperimentClaim, ...]:
    """All claims that results have two common seeds for.

    The headline is one family. Every other pair of an arm with one of the headline's is a family of
    its own on each slice, over the headline's metrics: it tells where to look, and proves nothing.
    A claim of the headline holds only when its whole family is there, with all seeds of the plan:
    looking early would give it more than one chance.

    Args:
        plan: that names them.
        world: of the results.
        results: of trials of the plan on that world.
    """
    values = _Values(plan, results)
    claims: list[ExperimentClaim] = []
    for number, family in enumerate(families(plan)):
        paired = [one for compared in family if (one := values.paired(compared))]
        if not paired:
            continue
        found = compare_family({one.compared.name: one.differences for one in paired})
        is_headline = number == 0
        may_hold = not is_headline or _is_whole(plan, family, paired)
        claims += [
            _claim(
                one,
                found[one.compared.name],
                plan=plan.digest,
                world=world,
                is_headline=is_headline,
                may_hold=may_hold,
            )
            for one in paired
        ]
    return tuple(claims)


def families(plan: Plan) -> Iterator[tuple[Compared, ...]]:
    """Families of comparisons: the headline first, then every other pair of arms on every slice."""
    line = plan.headline
    headline = tuple(
        _compared(line.architecture, line.arm, against, metric, ALL_SLICES)
        for against in line.against
        for metric in line.metrics
    )
    yield headline
    for architecture in plan.networks:
        for arm, against in _pairs(plan, architecture):
            for part in (ALL_SLICES, KNOWN_SLICE, UNSEEN_SLICE):
                family = tuple(
                    _compared(architecture, arm, against, metric, part) for metric in line.metrics
                )
                if not set(family) <= set(headline):
                    yield family


def _pairs(plan: Plan, architecture: str) -> Iterator[tuple[str, str]]:
    """Every arm against those of the headline, each two arms once."""
    arms, line = plan.arms_of(architecture), plan.headline
    against = [name for name in dict.fromkeys((*line.against, line.arm)) if name in arms]
    seen: set[frozenset[str]] = set()
    # The headline's arm comes first, so that it is the one that is claimed to be better.
    for other in against:
        for arm in dict.fromkeys((line.arm, *arms)):
            pair = frozenset((arm, other))
            if arm in arms and len(pair) > 1 and pair not in seen:
                seen.add(pair)
                yield arm, other


def _compared(architecture: str, arm: str, against: str, metric: Metric, part: str) -> Compared:
    return Compared(architecture=architecture, arm=arm, against=against, metric=metric, slice=part)


class _Values:
    """Numbers of trials, looked up by what is asked."""

    def __init__(self, plan: Plan, results: Sequence[ExperimentResult]) -> None:
        self._plan = plan
        self._rows: dict[tuple[str, str, str], dict[int, dict[str, ExperimentResult]]] = {}
        for row in results:
            if row.domain == ALL_DOMAINS:
                place = self._rows.setdefault((row.architecture, row.arm, row.slice), {})
                place.setdefault(row.seed, {})[row.benchmark] = row

    def paired(self, compared: Compared) -> PairedValues | None:
        """Numbers of the common seeds; None where there are too few."""
        names = (compared.arm, compared.against)
        (benchmarks, arm), (others, against) = (self._of(compared, name) for name in names)
        seeds = sorted(arm.keys() & against.keys())
        if len(seeds) < MIN_PAIRS or benchmarks != others:
            return None
        return PairedValues(
            compared=compared,
            benchmarks=benchmarks,
            arm=tuple(arm[seed] for seed in seeds),
            against=tuple(against[seed] for seed in seeds),
        )

    def _of(self, compared: Compared, arm: str) -> tuple[tuple[str, ...], Mapping[int, float]]:
        """Benchmarks that have the number, and its mean over them by seed."""
        metric = compared.metric
        by_seed = self._rows.get((compared.architecture, arm, compared.slice), {})
        wanted = self._plan.headline.benchmarks_of(metric)
        benchmarks = tuple(
            name
            for name in wanted
            if any(getattr(rows.get(name), metric, None) is not None for rows in by_seed.values())
        )
        means = {}
        for seed, rows in by_seed.items():
            numbers = [getattr(rows.get(name), metric, None) for name in benchmarks]
            there = [float(number) for number in numbers if number is not None]
            if there and len(there) == len(benchmarks):
                means[seed] = fmean(there)
        return benchmarks, means


def _is_whole(plan: Plan, family: Sequence[Compared], paired: Sequence[PairedValues]) -> bool:
    return len(paired) == len(family) and all(len(one.arm) == plan.n_seeds for one in paired)


def _claim(
    paired: PairedValues,
    found: PairedComparison,
    *,
    plan: str,
    world: str,
    is_headline: bool,
    may_hold: bool,
) -> ExperimentClaim:
    compared = paired.compared
    is_better = found.holds(is_higher_better=HIGHER_IS_BETTER[compared.metric])
    return ExperimentClaim(
        plan=plan,
        world=world,
        architecture=compared.architecture,
        arm=compared.arm,
        against=compared.against,
        metric=compared.metric,
        slice=compared.slice,
        benchmarks=paired.benchmarks,
        is_headline=is_headline,
        n_pairs=found.n_pairs,
        mean_arm=fmean(paired.arm),
        mean_against=fmean(paired.against),
        difference=found.mean,
        low=found.low,
        high=found.high,
        level=found.level,
        p_value=found.p_value,
        p_holm=found.p_holm,
        holds=is_better and may_hold,
    )
