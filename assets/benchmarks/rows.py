"""From what images and scores came to, to the rows of the four tables."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from assets.benchmarks.frames import domains_of, frame_key
from assets.benchmarks.image import ImageFacts
from assets.benchmarks.order import BenchmarkOrder
from assets.benchmarks.pooling import PooledScore
from models.metrics import Classes, class_scores
from storage.benchmark_records import KNOWN_CLASSES, UNSCORED, MeasuredImage, ScoreCurve
from storage.records import Frame

_NUMBERS = ("auroc", "ap", "fpr95", "fpr95_nearest")


def image_rows(order: BenchmarkOrder, facts: Sequence[ImageFacts]) -> tuple[MeasuredImage, ...]:
    """One row for each image and score, one for its known classes, and one for a skipped image."""
    rows = [row for one in facts for row in _rows_of(order, one)]
    rows += [_skipped(order, frame, reason) for frame, reason in order.frames.skipped]
    return tuple(rows)


def curve_rows(order: BenchmarkOrder, pooled: Sequence[PooledScore]) -> tuple[ScoreCurve, ...]:
    """One row for each score."""
    return tuple(
        ScoreCurve(
            benchmark=order.benchmark,
            subject=order.subject.sha256,
            score=one.score,
            refinement=order.rules.refinement,
            **asdict(one.curve),
        )
        for one in pooled
    )


def labels_digest(facts: Sequence[ImageFacts]) -> str:
    """Digest over frame, coding and content of every label, in whatever order they come."""
    digest = hashlib.sha256()
    for one in sorted(facts, key=lambda one: frame_key(one.frame)):
        line = f"{frame_key(one.frame)}\0{one.frame.coding}\0{one.label_sha256}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def domains(order: BenchmarkOrder) -> tuple[str, ...]:
    """Domains of the measured images."""
    return domains_of(order.frames.measured)


def _rows_of(order: BenchmarkOrder, one: ImageFacts) -> Iterator[MeasuredImage]:
    counts = {"n_in": one.n_in, "n_ood": one.n_ood, "n_void": one.n_void}
    for name in order.scores:
        alone = one.alone[name]
        numbers = {key: getattr(alone, key) if alone else None for key in _NUMBERS}
        yield _row(order, one, score=name, **counts, **numbers)
    if one.confusion is not None:
        yield _row(order, one, score=KNOWN_CLASSES, **_class_numbers(one, one.confusion))


def _class_numbers(one: ImageFacts, confusion: Classes) -> dict[str, Any]:
    """Counts of pixels with a known class; no means where its label shows none."""
    n_known, n_pixels = int(confusion.sum()), one.size[0] * one.size[1]
    counts = {"n_in": n_known, "n_ood": one.n_ood, "n_void": n_pixels - n_known - one.n_ood}
    if not n_known:
        return counts
    means = class_scores(confusion)
    return {**counts, "mean_iou": means.mean_iou, "pixel_accuracy": means.pixel_accuracy}


def _row(order: BenchmarkOrder, one: ImageFacts, **values: Any) -> MeasuredImage:
    height, width = one.size
    nothing = dict.fromkeys((*_NUMBERS, "mean_iou", "pixel_accuracy"))
    facts: dict[str, Any] = {
        **_names(order, one.frame),
        "image_sha256": one.image_sha256,
        "label_sha256": one.label_sha256,
        "height_px": height,
        "width_px": width,
        "skipped": None,
        **nothing,
        **values,
    }
    return MeasuredImage(**facts)


def _skipped(order: BenchmarkOrder, frame: Frame, reason: str) -> MeasuredImage:
    unknown = ("image_sha256", "label_sha256", "height_px", "width_px", *_NUMBERS)
    facts: dict[str, Any] = {
        **_names(order, frame),
        **dict.fromkeys((*unknown, "mean_iou", "pixel_accuracy")),
        "score": UNSCORED,
        "n_in": 0,
        "n_ood": 0,
        "n_void": 0,
        "skipped": reason,
    }
    return MeasuredImage(**facts)


def _names(order: BenchmarkOrder, frame: Frame) -> dict[str, Any]:
    return {
        "benchmark": order.benchmark,
        "split": frame.split,
        "frame_id": frame.frame_id,
        "domain": frame.domain,
        "image_path": frame.image,
        "label_coding": frame.coding,
    }
