"""Numbers that were printed elsewhere, each with its source, to set measured ones beside.

The tables are `storage/tables/published_results.csv` and `published_sources.csv`, reviewed as data;
a number that is not there was not printed, or nobody has copied it yet.
"""

from dataclasses import dataclass
from functools import cache

from storage.label_space import TRAIN_CLASSES, read_table

PUBLISHED_METRICS = (
    "auroc",
    "ap",
    "fpr95",
    "siou",
    "ppv",
    "f1_star",
    "miou",
    "pixel_accuracy",
    "class_iou",
)
"""Names of the metrics of the table; ``class_iou`` alone names a class."""

PUBLISHED_ESTIMATORS = ("pooled_exact", "smiyc_binned", "confusion_matrix", "unknown")
"""How the numbers were estimated, as far as the source or its code says."""

METHOD, ABLATION = "method", "ablation"
"""Kinds of rows: a method's own result, and a variant that was tried to explain one."""


@dataclass(frozen=True, kw_only=True)
class PublishedSource:
    """Where numbers were printed; ``shows`` says what of it."""

    source: str
    citation: str
    shows: str


@dataclass(frozen=True, kw_only=True)
class PublishedResult:
    """One printed number.

    Attributes:
        benchmark: name of the data set in `storage.datasets`, or of one that it does not read.
        split: images that it rests on, as the data set names them.
        domain: covariate condition, or ``all``.
        method: as the source names it.
        architecture: of the network, in words; empty where the source names none.
        metric: one of `PUBLISHED_METRICS`.
        class_name: known class of a ``class_iou``, else empty.
        value_pct: in percent, 0 to 100, with the digits of the source.
        estimator: one of `PUBLISHED_ESTIMATORS`.
        kind: `METHOD` or `ABLATION`.
        source: name of a `PublishedSource`.
        note: what must be known to compare it; may be empty.
    """

    benchmark: str
    split: str
    domain: str
    method: str
    architecture: str
    metric: str
    class_name: str
    value_pct: float
    estimator: str
    kind: str
    source: str
    note: str


@cache
def published_results() -> tuple[PublishedResult, ...]:
    """All rows of the table, in its order.

    Raises:
        ValueError: if a row has a word or a number that is none of those allowed.
    """
    return tuple(
        _checked(number, row) for number, row in enumerate(read_table("published_results"), start=2)
    )


@cache
def published_sources() -> tuple[PublishedSource, ...]:
    """Every source that a row may name."""
    return tuple(PublishedSource(**row) for row in read_table("published_sources"))


def published_source(name: str) -> PublishedSource:
    """The source of that name.

    Raises:
        ValueError: if there is none; the message lists all names.
    """
    for source in published_sources():
        if source.source == name:
            return source
    known = [source.source for source in published_sources()]
    raise ValueError(f"need a published source of {known}, got {name!r}")


def _checked(line: int, row: dict[str, str]) -> PublishedResult:
    place = f"published_results.csv, line {line}"
    allowed = {
        "metric": PUBLISHED_METRICS,
        "estimator": PUBLISHED_ESTIMATORS,
        "kind": (METHOD, ABLATION),
        "source": tuple(source.source for source in published_sources()),
        "class_name": _class_names(row["metric"]),
    }
    for column, words in allowed.items():
        if row[column] not in words:
            raise ValueError(
                f"{place}: need for {column} one of {list(words)}, got {row[column]!r}"
            )
    value = float(row["value_pct"])
    if not 0 <= value <= 100:
        raise ValueError(f"{place}: need a value from 0 to 100 percent, got {row['value_pct']}")
    texts = {name: text for name, text in row.items() if name != "value_pct"}
    return PublishedResult(**texts, value_pct=value)


def _class_names(metric: str) -> tuple[str, ...]:
    return tuple(label.name for label in TRAIN_CLASSES) if metric == "class_iou" else ("",)
