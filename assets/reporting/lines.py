"""Rows of measured and of published numbers as the lines of a table."""

from collections.abc import Iterable, Sequence

from assets.reporting.numbers import Column, in_percent
from assets.reporting.rows import short
from assets.reporting.tables import MEASURED, PUBLISHED, Line
from assets.reporting.words import estimator_words, family, refinement_words
from storage.benchmark_records import (
    IMAGE_MEAN,
    KNOWN_CLASSES,
    BenchmarkResult,
)
from storage.published_results import PublishedResult

_NAMES = {"miou": "mean_iou"}
"""Published names of metrics that rows call otherwise."""

_COMPONENTS = {"siou", "ppv", "f1_star"}
_TRACKS = ("road_anomaly_21", "road_obstacle_21")
_BORROWED = "the benchmark states no sizes, these are the anomaly track's of SegmentMeIfYouCan"


def measured_line(row: BenchmarkResult, columns: Sequence[Column], *, has_subject: bool) -> Line:
    """The line of a result; ``has_subject``: its name says which subject it is of."""
    found = {column.name: in_percent(getattr(row, column.name)) for column in columns}
    return Line(
        name="known classes" if row.score == KNOWN_CLASSES else row.score,
        detail=_detail(row, has_subject=has_subject),
        estimator=estimator_words(row.estimator),
        kind=MEASURED,
        values={name: value for name, value in found.items() if value is not None},
        notes=_component_notes(row) if _COMPONENTS & found.keys() else (),
        is_comparable=row.estimator != IMAGE_MEAN,
    )


def published_lines(rows: Iterable[PublishedResult]) -> list[Line]:
    """A line for each method, network and publication, the best AP (or else mIoU) first."""
    found: dict[tuple[str, str, str], list[PublishedResult]] = {}
    for row in rows:
        found.setdefault((row.method, row.architecture, family(row.source)), []).append(row)
    lines = [_published_line(key, numbers) for key, numbers in found.items()]
    return sorted(lines, key=lambda line: (-_leading(line), line.name, line.detail))


def class_line(row: BenchmarkResult, *, has_subject: bool) -> Line:
    """The IoU of each class of a result."""
    pairs = zip(row.class_names, row.class_ious, strict=True)
    return Line(
        name="known classes",
        detail=_detail(row, has_subject=has_subject),
        estimator=estimator_words(row.estimator),
        kind=MEASURED,
        values={name: 100 * value for name, value in pairs},
    )


def subject_words(row: BenchmarkResult) -> str:
    """The subject of a result, short enough for a table."""
    return " · ".join(filter(None, (row.architecture, short(row.subject))))


def _detail(row: BenchmarkResult, *, has_subject: bool) -> str:
    parts = (subject_words(row) if has_subject else "", refinement_words(row.refinement))
    return " · ".join(filter(None, parts))


def _component_notes(row: BenchmarkResult) -> tuple[str, ...]:
    if row.min_labeled_px is None or row.siou is None:
        return ()
    rule = (
        f"components at the threshold of the best F1; labeled ones under {row.min_labeled_px} px "
        f"are void, predicted ones under {row.min_predicted_px} px are dropped"
    )
    return (rule,) if row.benchmark in _TRACKS else (f"{rule}: {_BORROWED}",)


def _published_line(key: tuple[str, str, str], rows: Sequence[PublishedResult]) -> Line:
    method, architecture, _ = key
    sources = ", ".join(dict.fromkeys(row.source for row in rows))
    estimators = dict.fromkeys(estimator_words(row.estimator) for row in rows)
    return Line(
        name=method,
        detail=" · ".join(filter(None, (architecture, sources))),
        estimator="; ".join(estimators),
        kind=PUBLISHED,
        values={
            row.class_name or _NAMES.get(row.metric, row.metric): row.value_pct for row in rows
        },
        notes=tuple(dict.fromkeys(n for row in rows for n in row.note.split("; ") if n)),
    )


def _leading(line: Line) -> float:
    return line.values.get("ap", line.values.get("mean_iou", -1.0))
