"""The rows of one subject on one benchmark, and the pictures that they name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.benchmark_records import (
    BenchmarkResult,
    MeasuredImage,
    ScoreCurve,
    ShownImage,
)


@dataclass(frozen=True, kw_only=True)
class MeasuredRows:
    """The rows of the four tables: all that a report is made from."""

    benchmark: str
    images: tuple[MeasuredImage, ...]
    results: tuple[BenchmarkResult, ...]
    curves: tuple[ScoreCurve, ...]
    shown: tuple[ShownImage, ...]


@dataclass(frozen=True, kw_only=True)
class MeasuredBenchmark:
    """What `measure_benchmark` gives: rows, and WebP bytes of every blob that they name."""

    rows: MeasuredRows
    pictures: Mapping[str, bytes] = field(repr=False)
