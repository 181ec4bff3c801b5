"""The rows of `benchmark_results`: every score by every estimator, and the known classes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assets.benchmarks.image import ImageFacts
from assets.benchmarks.names import CODE_VERSION
from assets.benchmarks.order import BenchmarkOrder
from assets.benchmarks.overlap import overlapping
from assets.benchmarks.pooling import PooledScore
from assets.benchmarks.rows import domains, labels_digest
from models.metrics import Classes, ClassScores, ComponentResult, scores_by_domain
from models.metrics.binned import BinnedScores
from models.metrics.smiyc import SmiycScores
from models.metrics.sweep import PixelScores
from storage.benchmark_records import (
    ALL_DOMAINS,
    BINNED,
    CONFUSION,
    IMAGE_MEAN,
    KNOWN_CLASSES,
    POOLED_EXACT,
    SMIYC_BINNED,
    BenchmarkResult,
)
from storage.label_space import TRAIN_CLASSES
from storage.world import read_world

_MEANS = ("auroc", "ap", "fpr95", "fpr95_nearest")
_NUMBERS = (*_MEANS, "best_f1", "best_f1_threshold")
_COMPONENTS = (
    "siou",
    "ppv",
    "f1_star",
    "n_labeled_components",
    "n_predicted_components",
    "min_labeled_px",
    "min_predicted_px",
)
_CLASSES = ("mean_iou", "mean_class_accuracy", "pixel_accuracy")
_COUNTS = ("n_images", "n_in", "n_ood", "n_void")


def result_rows(
    order: BenchmarkOrder, facts: Sequence[ImageFacts], pooled: Sequence[PooledScore]
) -> tuple[BenchmarkResult, ...]:
    """All results of a measurement."""
    shared = _shared(order, facts)
    rows = [row for one in pooled for row in _score_rows(order, facts, one, shared)]
    rows += _class_rows(order, facts, shared)
    return tuple(rows)


def _shared(order: BenchmarkOrder, facts: Sequence[ImageFacts]) -> dict[str, Any]:
    """Columns that all rows have alike, and the others as they are where nothing is known."""
    lineage = order.lineage
    return {
        "benchmark": order.benchmark,
        "world": read_world(order.data_root).name,
        "subject": order.subject.sha256,
        "subject_kind": order.subject.kind,
        "architecture": order.subject.architecture,
        "refinement": order.rules.refinement,
        "labels_sha256": labels_digest(facts),
        "training": lineage.training,
        "training_set": lineage.training_set,
        "trained_object_classes": lineage.object_classes,
        "benchmark_object_classes": tuple(one.name for one in order.objects),
        "overlapping_classes": overlapping(order.objects, lineage.object_classes),
        "code_version": CODE_VERSION,
        "class_names": (),
        "class_ious": (),
        **dict.fromkeys((*_NUMBERS, *_COMPONENTS, *_CLASSES)),
    }


def _score_rows(
    order: BenchmarkOrder,
    facts: Sequence[ImageFacts],
    one: PooledScore,
    shared: Mapping[str, Any],
) -> Iterator[BenchmarkResult]:
    families: dict[str, Mapping[str, PixelScores | SmiycScores | BinnedScores]] = {
        POOLED_EXACT: one.exact,
        SMIYC_BINNED: one.smiyc,
        BINNED: one.binned,
    }
    for estimator, by_domain in families.items():
        for domain, numbers in by_domain.items():
            components = one.components.get(domain) if estimator == POOLED_EXACT else None
            yield BenchmarkResult(
                **{
                    **shared,
                    "score": one.score,
                    "estimator": estimator,
                    "domain": domain,
                    "n_skipped": _n_skipped(order, domain),
                    **{name: getattr(numbers, name) for name in _COUNTS},
                    **{name: getattr(numbers, name, None) for name in _NUMBERS},
                    **(_components(components) if components else {}),
                }
            )
    for domain in (ALL_DOMAINS, *domains(order)):
        yield from _mean_row(order, facts, one.score, domain, shared)


def _components(found: ComponentResult) -> dict[str, Any]:
    return {
        "siou": found.siou,
        "ppv": found.ppv,
        "f1_star": found.f1_star,
        "n_labeled_components": found.n_labeled,
        "n_predicted_components": found.n_predicted,
        "min_labeled_px": found.sizes.truth_px,
        "min_predicted_px": found.sizes.predicted_px,
    }


def _mean_row(
    order: BenchmarkOrder,
    facts: Sequence[ImageFacts],
    score: str,
    domain: str,
    shared: Mapping[str, Any],
) -> Iterator[BenchmarkResult]:
    """Means over the images that have pixels of both classes; no row where none has."""
    there = [one for one in facts if domain in (ALL_DOMAINS, one.frame.domain)]
    alone = [(one, found) for one in there if (found := one.alone[score]) is not None]
    if not alone:
        return
    means = {
        name: math.fsum(getattr(found, name) for _, found in alone) / len(alone) for name in _MEANS
    }
    counts = {name: sum(getattr(one, name) for one, _ in alone) for name in _COUNTS[1:]}
    n_left_out = len(there) - len(alone)
    yield BenchmarkResult(
        **{
            **shared,
            "score": score,
            "estimator": IMAGE_MEAN,
            "domain": domain,
            "n_images": len(alone),
            "n_skipped": _n_skipped(order, domain) + n_left_out,
            **counts,
            **means,
        }
    )


def _class_rows(
    order: BenchmarkOrder, facts: Sequence[ImageFacts], shared: Mapping[str, Any]
) -> Iterator[BenchmarkResult]:
    """The known classes by domain, where the labels name them and the subject does."""
    confusions: dict[str, Classes] = {}
    for one in facts:
        if one.confusion is not None:
            name = one.frame.domain
            former = confusions.get(name)
            confusions[name] = one.confusion if former is None else former + one.confusion
    if not any(confusion.any() for confusion in confusions.values()):
        return
    for domain, numbers in scores_by_domain(confusions).items():
        if domain:  # pixels of no domain are among all
            yield _class_row(order, facts, (domain, numbers), shared)


def _class_row(
    order: BenchmarkOrder,
    facts: Sequence[ImageFacts],
    found: tuple[str, ClassScores],
    shared: Mapping[str, Any],
) -> BenchmarkResult:
    domain, numbers = found
    there = [one for one in facts if domain in (ALL_DOMAINS, one.frame.domain)]
    n_px = sum(one.size[0] * one.size[1] for one in there)
    n_ood = sum(one.n_ood for one in there)
    present = [
        (label.name, iou)
        for label, iou, accuracy in zip(
            TRAIN_CLASSES, numbers.class_iou, numbers.class_accuracy, strict=True
        )
        if accuracy is not None and iou is not None
    ]
    return BenchmarkResult(
        **{
            **shared,
            "score": KNOWN_CLASSES,
            "estimator": CONFUSION,
            "domain": domain,
            "n_images": sum(one.confusion is not None for one in there),
            "n_skipped": _n_skipped(order, domain),
            "n_in": numbers.n_pixels,
            "n_ood": n_ood,
            "n_void": n_px - numbers.n_pixels - n_ood,
            "mean_iou": numbers.mean_iou,
            "mean_class_accuracy": numbers.mean_class_accuracy,
            "pixel_accuracy": numbers.pixel_accuracy,
            "class_names": tuple(name for name, _ in present),
            "class_ious": tuple(iou for _, iou in present),
        }
    )


def _n_skipped(order: BenchmarkOrder, domain: str) -> int:
    return sum(domain in (ALL_DOMAINS, frame.domain) for frame, _ in order.frames.skipped)
