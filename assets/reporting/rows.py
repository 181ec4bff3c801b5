"""The rows that a report is made of, and where its pictures come from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.benchmark_records import (
    ALL_DOMAINS,
    BINNED,
    CONFUSION,
    IMAGE_MEAN,
    KNOWN_CLASSES,
    POOLED_EXACT,
    SMIYC_BINNED,
    BenchmarkResult,
    MeasuredImage,
    ScoreCurve,
    ShownImage,
)

_ESTIMATORS = (CONFUSION, POOLED_EXACT, SMIYC_BINNED, BINNED, IMAGE_MEAN)
"""The one that stands for a score first."""

_SHORT = 12


class MeasuredRows(Protocol):
    """The rows of one benchmark, such as `assets.benchmarks.measured.MeasuredRows`."""

    @property
    def benchmark(self) -> str:
        """Name of the data set in `storage.datasets`."""

    @property
    def images(self) -> Sequence[MeasuredImage]:
        """Every image under every score, and those that were skipped."""

    @property
    def results(self) -> Sequence[BenchmarkResult]:
        """The numbers, by score, domain and estimator."""

    @property
    def curves(self) -> Sequence[ScoreCurve]:
        """What the plots are drawn from."""

    @property
    def shown(self) -> Sequence[ShownImage]:
        """The best and the worst images."""


class Blobs(Protocol):
    """Bytes of pictures by their SHA-256: a `storage.blobs.BlobStore`, or a plain mapping."""

    def get(self, name: str, /) -> bytes | None:
        """Bytes of a blob; None, `MissingBlobError` or `DamagedBlobError` where there are none."""


@dataclass(frozen=True, order=True)
class Scored:
    """Which scores a row tells of: of what, by which name, mended by what."""

    subject: str
    score: str
    refinement: str

    @classmethod
    def of(cls, row: BenchmarkResult | ScoreCurve | ShownImage) -> "Scored":
        """That of a row."""
        return cls(row.subject, row.score, row.refinement)


def short(digest: str) -> str:
    """The beginning of a digest, enough to tell it from others."""
    return digest[:_SHORT]


def ood_results(rows: MeasuredRows, domain: str = ALL_DOMAINS) -> list[BenchmarkResult]:
    """Results of scores on a domain, the best AP first; each score by its first estimator."""
    found = [r for r in rows.results if r.score != KNOWN_CLASSES and r.domain == domain]
    first: dict[Scored, BenchmarkResult] = {}
    for row in sorted(found, key=_estimator_place):
        first.setdefault(Scored.of(row), row)
    return sorted(first.values(), key=_falling_ap)


def other_estimates(rows: MeasuredRows) -> list[BenchmarkResult]:
    """Every result of scores on all images, also by estimators that do not come first."""
    found = [r for r in rows.results if r.score != KNOWN_CLASSES and r.domain == ALL_DOMAINS]
    order = {Scored.of(row): place for place, row in enumerate(ood_results(rows))}
    return sorted(found, key=lambda row: (order[Scored.of(row)], _estimator_place(row)))


def class_results(rows: MeasuredRows, domain: str = ALL_DOMAINS) -> list[BenchmarkResult]:
    """Results of the known classes on a domain, the best mIoU first."""
    found = [r for r in rows.results if r.score == KNOWN_CLASSES and r.domain == domain]
    return sorted(found, key=lambda row: (-(row.mean_iou or 0), row.subject))


def domains(rows: MeasuredRows) -> list[str]:
    """Domains that have results of their own, sorted."""
    return sorted({row.domain for row in rows.results} - {ALL_DOMAINS})


def splits(rows: MeasuredRows) -> list[str]:
    """Splits that images were measured of, sorted."""
    return sorted({image.split for image in rows.images if image.skipped is None})


def n_measured(rows: MeasuredRows) -> int:
    """Images that were measured, each once."""
    return len({(i.split, i.frame_id) for i in rows.images if i.skipped is None})


def skipped(rows: MeasuredRows) -> dict[str, int]:
    """How many images were skipped for each reason, the most frequent first."""
    reasons = {(i.split, i.frame_id): i.skipped for i in rows.images if i.skipped is not None}
    counts = Counter(reasons.values())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def subjects(measured: Sequence[MeasuredRows]) -> list[BenchmarkResult]:
    """One result of everything that was measured, for what it says of the subject."""
    found: dict[str, BenchmarkResult] = {}
    for rows in measured:
        for row in rows.results:
            found.setdefault(row.subject, row)
    return [found[name] for name in sorted(found)]


def _estimator_place(row: BenchmarkResult) -> tuple[int, str]:
    known = row.estimator in _ESTIMATORS
    return (_ESTIMATORS.index(row.estimator) if known else len(_ESTIMATORS), row.estimator)


def _falling_ap(row: BenchmarkResult) -> tuple[float, Scored]:
    return (-1.0 if row.ap is None else -row.ap, Scored.of(row))
