"""How the numbers of a report were made: only what holds for numbers that it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from assets.reporting.rows import MeasuredRows
from assets.reporting.tables import PUBLISHED, ReportTable
from assets.reporting.words import (
    METRICS,
    benchmark_title,
    estimator_meanings,
)
from storage.published_results import PublishedResult, published_sources

DIGITS = (
    "All numbers are percent, with one decimal, or two within one percent of 0 and of 100. The "
    "best of each column is marked by its exact value."
)
RANKING = (
    "Higher scores are further out of distribution; pixels at or above a threshold are flagged. "
    "Void pixels are never scored, and images without a label never count."
)


@dataclass(frozen=True)
class Making:
    """The parts of the section, each by name."""

    rules: tuple[str, ...]
    estimators: dict[str, str]
    metrics: dict[str, str]
    labels: dict[str, str]
    sources: dict[str, str]


def making(
    measured: Sequence[MeasuredRows],
    tables: Sequence[ReportTable],
    published: Sequence[PublishedResult],
) -> Making:
    """What must be said of these tables."""
    titles = dict.fromkeys(column.title for table in tables for column in table.columns)
    benchmarks = {rows.benchmark for rows in measured}
    printed = [row for row in published if row.benchmark in benchmarks]
    is_any = any(line.kind == PUBLISHED for table in tables for line in table.lines)
    named = {row.source for row in printed} if is_any else set()
    cited = [source for source in published_sources() if source.source in named]
    own = {row.estimator for rows in measured for row in rows.results}
    return Making(
        rules=(DIGITS, RANKING),
        estimators=estimator_meanings(own | {row.estimator for row in printed}),
        metrics={name: told for name, told in METRICS.items() if name in titles},
        labels=_labels(measured),
        sources={source.source: f"{source.citation}: {source.shows}" for source in cited},
    )


def _labels(measured: Sequence[MeasuredRows]) -> dict[str, str]:
    """Digest of the labels that counted, by benchmark."""
    found = {}
    for rows in measured:
        digests = dict.fromkeys(row.labels_sha256 for row in rows.results if row.domain == "all")
        if digests:
            found[benchmark_title(rows.benchmark)] = ", ".join(digests)
    return found
