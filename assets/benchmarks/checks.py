"""The blocking checks of a measurement, answered from its committed rows."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

import dagster as dg

from assets.answers import answer, check_specs
from assets.benchmarks.frames import BenchmarkFrames, frame_key
from assets.benchmarks.measured import MeasuredRows
from assets.benchmarks.names import ASSET
from storage.benchmark_records import ALL_DOMAINS, POOLED_EXACT


def check_images(rows: MeasuredRows, frames: BenchmarkFrames) -> dg.AssetCheckResult:
    """Every image of the benchmark was measured, or skipped with a reason."""
    listed = Counter(map(frame_key, (*frames.measured, *(f for f, _ in frames.skipped))))
    measured = {f"{r.split}/{r.frame_id}" for r in rows.images if r.skipped is None}
    skipped = {f"{r.split}/{r.frame_id}": r.skipped for r in rows.images if r.skipped is not None}
    problems = [f"{key}: has no row" for key in listed if key not in measured | skipped.keys()]
    problems += [f"{key}: measured and skipped" for key in measured & skipped.keys()]
    problems += [f"{key}: skipped without a reason" for key, why in skipped.items() if not why]
    problems += [f"{key}: is no image of it" for key in (measured | skipped.keys()) - listed.keys()]
    facts = {"images": len(measured), "skipped": len(skipped)}
    return answer(ASSET, "every_image_has_a_row", problems, facts)


def check_numbers(rows: MeasuredRows) -> dg.AssetCheckResult:
    """No number is NaN or infinite, and shares lie in [0, 1]."""
    problems = []
    for row in rows.results:
        name = f"{row.score}, {row.domain}, {row.estimator}"
        wrong = _wrong(asdict(row).items())
        problems += [f"{name}: {wrong}"] if wrong else []
    for image in rows.images:
        wrong = _wrong(asdict(image).items())
        problems += [f"{image.frame_id}, {image.score}: {wrong}"] if wrong else []
    for curve in rows.curves:
        points = (*curve.recall, *curve.precision, *curve.false_positive_rate)
        if not all(0 <= value <= 1 for value in points):
            problems.append(f"{curve.score}: a point of its curves lies outside [0, 1]")
    return answer(ASSET, "numbers_are_sound", problems, {"results": len(rows.results)})


def check_pixels(rows: MeasuredRows) -> dg.AssetCheckResult:
    """The pixels of all images are those that the numbers of all images rest on."""
    problems = []
    for row in rows.results:
        if (row.domain, row.estimator) != (ALL_DOMAINS, POOLED_EXACT):
            continue
        counted = [
            sum(getattr(image, name) for image in rows.images if image.score == row.score)
            for name in ("n_in", "n_ood", "n_void")
        ]
        if counted != [row.n_in, row.n_ood, row.n_void]:
            told = f"{row.n_in}, {row.n_ood}, {row.n_void}"
            problems.append(f"{row.score}: rests on {told} pixels, its images have {counted}")
    return answer(ASSET, "every_pixel_counts_once", problems, {"curves": len(rows.curves)})


CHECK_SPECS = check_specs(
    ASSET,
    {
        "every_image_has_a_row": check_images,
        "numbers_are_sound": check_numbers,
        "every_pixel_counts_once": check_pixels,
    },
)

_SHARES = frozenset(
    {
        "auroc",
        "ap",
        "fpr95",
        "fpr95_nearest",
        "best_f1",
        "siou",
        "ppv",
        "f1_star",
        "mean_iou",
        "mean_class_accuracy",
        "pixel_accuracy",
    }
)


def answer_all(rows: MeasuredRows, frames: BenchmarkFrames) -> list[dg.AssetCheckResult]:
    """Answers to all of `CHECK_SPECS`."""
    return [check_images(rows, frames), check_numbers(rows), check_pixels(rows)]


def _wrong(values: Iterable[tuple[str, object]]) -> str:
    """The first number that is none, or no share where it must be; "" if all are sound."""
    for name, value in values:
        if not isinstance(value, float):
            continue
        if not math.isfinite(value) or (name in _SHARES and not 0 <= value <= 1):
            return f"{name} is {value}"
    return ""
