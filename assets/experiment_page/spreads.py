"""Means and deviations over seeds, with the results that they rest on. All values in percent."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from assets.experiment_page.contents import ExperimentRows
from assets.reporting.numbers import Column, percent
from storage.benchmark_records import ALL_DOMAINS
from storage.experiment_records import ALL_SLICES, ExperimentResult

METRICS = {
    column.name: column
    for column in (
        Column("auroc", "AUROC"),
        Column("ap", "AP"),
        Column("fpr95", "FPR95", is_low_good=True),
        Column("f1_star", "F1*"),
        Column("mean_iou", "mIoU"),
        Column("mean_class_accuracy", "class acc."),
        Column("pixel_accuracy", "pixel acc."),
    )
}
"""Quantities of `ExperimentResult` by name."""

_CLOSE = 1.0


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One quantity of one arm over its seeds.

    Attributes:
        values: percent by seed, seeds rising; never empty.
        results: that they were taken from.
    """

    values: dict[int, float]
    results: tuple[ExperimentResult, ...]

    @property
    def n(self) -> int:
        """Seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return fmean(self.values.values())

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds (of a sample: n - 1); None with a single one."""
        return stdev(self.values.values()) if self.n > 1 else None


class Measured:
    """The results of a world, found by what they are of."""

    def __init__(self, rows: ExperimentRows) -> None:
        """Sort the results into places."""
        self._places: dict[tuple[str, ...], dict[int, ExperimentResult]] = {}
        for row in sorted(rows.results, key=lambda row: row.seed):
            key = (row.architecture, row.arm, row.benchmark, row.domain, row.slice)
            self._places.setdefault(key, {})[row.seed] = row

    def results(
        self,
        architecture: str,
        arm: str,
        benchmark: str,
        *,
        domain: str = ALL_DOMAINS,
        slice_: str = ALL_SLICES,
    ) -> dict[int, ExperimentResult]:
        """Results by seed, seeds rising."""
        return self._places.get((architecture, arm, benchmark, domain, slice_), {})

    def spread(
        self,
        architecture: str,
        arm: str,
        benchmark: str,
        metric: str,
        *,
        domain: str = ALL_DOMAINS,
        slice_: str = ALL_SLICES,
    ) -> Spread | None:
        """A metric of an arm over its seeds; None where no seed has it."""
        found = self.results(architecture, arm, benchmark, domain=domain, slice_=slice_)
        values = {s: v for s, row in found.items() if (v := in_percent_of(row, metric)) is not None}
        return Spread(values=values, results=tuple(found[s] for s in values)) if values else None

    def averaged(
        self,
        architecture: str,
        arm: str,
        benchmarks: Sequence[str],
        metric: str,
        *,
        slice_: str = ALL_SLICES,
    ) -> Spread | None:
        """The mean of a metric over benchmarks, by seed.

        Benchmarks that no trial of the network has the metric of, on this slice, are left out for
        all; a seed that lacks one of the others does not count.
        """
        used = self.with_metric(architecture, benchmarks, metric, slice_=slice_)
        parts = [self.spread(architecture, arm, name, metric, slice_=slice_) for name in used]
        found = [part for part in parts if part is not None]
        if not found or len(found) < len(used):
            return None
        seeds = [s for s in found[0].values if all(s in part.values for part in found)]
        values = {seed: fmean(part.values[seed] for part in found) for seed in seeds}
        results = tuple(r for part in found for r in part.results if r.seed in values)
        return Spread(values=values, results=results) if values else None

    def with_metric(
        self,
        architecture: str,
        benchmarks: Sequence[str],
        metric: str,
        *,
        slice_: str = ALL_SLICES,
    ) -> list[str]:
        """Those of the benchmarks that some trial of the network has the metric of."""
        having = {
            key[2]
            for key, found in self._places.items()
            if (key[0], key[3], key[4]) == (architecture, ALL_DOMAINS, slice_)
            and any(getattr(row, metric) is not None for row in found.values())
        }
        return [name for name in benchmarks if name in having]

    def domains(self, benchmark: str) -> list[str]:
        """Domains of a benchmark that have results of their own, sorted."""
        found = {key[3] for key in self._places if key[2] == benchmark}
        return sorted(found - {ALL_DOMAINS})

    def has(self, architecture: str, arm: str) -> bool:
        """Whether an arm of a network has any result."""
        return any(key[:2] == (architecture, arm) for key in self._places)


def in_percent_of(row: ExperimentResult, metric: str) -> float | None:
    """A metric of a result, in percent."""
    share: float | None = getattr(row, metric)
    return None if share is None else 100 * share


def spread_words(spread: Spread | None, *, n_seeds: int) -> str:
    """Mean ± deviation; a dash where there is none, and n where it is not that of the plan."""
    if spread is None:
        return percent(None)
    mean = percent(spread.mean)
    digits = len(mean.partition(".")[2])
    deviation = spread.deviation
    around = "" if deviation is None else f" ± {deviation:.{digits}f}"
    return f"{mean}{around}" + ("" if spread.n == n_seeds else f" (n = {spread.n})")


def points(difference: float) -> str:
    """A difference of percentages, with its sign and one decimal, or two below one point."""
    text = f"{difference:+.{2 if abs(difference) < _CLOSE else 1}f}"
    return text.replace("-", "−")


def interval(low: float, high: float) -> str:
    """Both ends of an interval of differences."""
    return f"[{points(low)}, {points(high)}]"
