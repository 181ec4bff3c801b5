"""The plots of one benchmark, drawn from its curves alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from assets.reporting.lines import subject_words
from assets.reporting.numbers import in_percent, percent
from assets.reporting.rows import (
    MeasuredRows,
    Scored,
    class_results,
    domains,
    ood_results,
)
from assets.reporting.words import refinement_words
from models.plots import Plot
from models.score_plots import (
    Histogram,
    calibration_plot,
    domain_bars,
    histogram_plot,
    precision_recall_plot,
    roc_plot,
)
from storage.benchmark_records import KNOWN_CLASSES, BenchmarkResult, ScoreCurve

MAX_NAMES = 8
"""Lines or groups of bars in one plot; the best by AP are drawn."""


@dataclass(frozen=True)
class Figure:
    """A plot with its title, and what it shows in words."""

    title: str
    told: str
    plot: Plot
    is_histogram: bool = False


def benchmark_figures(rows: MeasuredRows) -> list[Figure]:
    """Every plot that the rows suffice for; equal scores have equal colors in all benchmarks."""
    names = score_names(rows)
    results = {names[Scored.of(row)]: row for row in ood_results(rows)}
    known = {Scored.of(curve): curve for curve in rows.curves}
    curves = {name: known[key] for key, name in names.items() if key in known}
    drawn = {name: curves[name] for name in _drawn(curves)}
    return [*_curve_figures(drawn, results), *_domain_figures(rows), *_histograms(curves, results)]


def score_names(rows: MeasuredRows) -> dict[Scored, str]:
    """What each score is called in plots and headings, the best AP first."""
    results = ood_results(rows)
    return {Scored.of(row): _name(row, has_subject=_has_subjects(rows)) for row in results}


def _drawn(names: Iterable[str]) -> list[str]:
    """The first `MAX_NAMES` in an order that does not depend on their numbers: it gives colors."""
    return sorted(list(names)[:MAX_NAMES], key=lambda name: (not name.startswith("learned"), name))


def _name(row: BenchmarkResult, *, has_subject: bool) -> str:
    score = "known classes" if row.score == KNOWN_CLASSES else row.score
    parts = (score, refinement_words(row.refinement), subject_words(row) * has_subject)
    return " · ".join(filter(None, parts))


def _curve_figures(
    curves: Mapping[str, ScoreCurve], results: Mapping[str, BenchmarkResult]
) -> Iterator[Figure]:
    if not curves:
        return
    recall = {name: np.asarray(curve.recall) for name, curve in curves.items()}
    precision = {name: np.asarray(curve.precision) for name, curve in curves.items()}
    rate = {name: np.asarray(curve.false_positive_rate) for name, curve in curves.items()}
    yield Figure(
        "Precision and recall",
        _told(results, curves, "ap", "AP"),
        precision_recall_plot(
            {name: (recall[name], precision[name]) for name in curves},
            ood_frac=_ood_frac(next(iter(results.values()))),
        ),
    )
    yield Figure(
        "ROC",
        _told(results, curves, "auroc", "AUROC"),
        roc_plot({name: (rate[name], recall[name]) for name in curves}),
    )
    bins = {
        name: (np.asarray(curve.calibration_scores), np.asarray(curve.calibration_ood_frac))
        for name, curve in curves.items()
        if curve.calibration_scores
    }
    if bins:
        told = "share of unknown objects' pixels in bins of equal size, by rising score"
        yield Figure("Reliability", told, calibration_plot(bins))


def _domain_figures(rows: MeasuredRows) -> Iterator[Figure]:
    found = domains(rows)
    quantities = (
        ("ap", "AP", ood_results),
        ("f1_star", "F1*", ood_results),
        ("mean_iou", "mIoU", class_results),
    )
    for field, title, results in quantities:
        values: dict[str, dict[str, float]] = {}
        for domain in found:
            for row in results(rows, domain):
                value = getattr(row, field)
                if value is not None:
                    name = _name(row, has_subject=_has_subjects(rows))
                    values.setdefault(name, {})[domain] = value
        if values:
            drawn = {name: values[name] for name in _drawn(values)}
            told = f"{title} of {len(drawn)} scores on {', '.join(found)}"
            yield Figure(f"{title} by domain", told, domain_bars(drawn, quantity=title))


def _histograms(
    curves: Mapping[str, ScoreCurve], results: Mapping[str, BenchmarkResult]
) -> Iterator[Figure]:
    for name, curve in curves.items():
        histogram = Histogram(
            edges=np.asarray(curve.histogram_edges),
            n_in=np.asarray(curve.histogram_in),
            n_ood=np.asarray(curve.histogram_ood),
        )
        plot = histogram_plot(histogram, threshold=results[name].best_f1_threshold)
        yield Figure(name, "scores in and out of distribution", plot, is_histogram=True)


def _told(
    results: Mapping[str, BenchmarkResult],
    curves: Mapping[str, ScoreCurve],
    field: str,
    title: str,
) -> str:
    return ", ".join(
        f"{name} {title} {percent(in_percent(getattr(results[name], field)))} %" for name in curves
    )


def _ood_frac(row: BenchmarkResult) -> float | None:
    return row.n_ood / (row.n_in + row.n_ood) if row.n_ood else None


def _has_subjects(rows: MeasuredRows) -> bool:
    return len({row.subject for row in rows.results}) > 1
