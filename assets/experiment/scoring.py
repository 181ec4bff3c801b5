"""Numbers of a network on a benchmark in memory, by domain and slice. Imports torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from assets.experiment.worlds import HeldBenchmark, LabelledImage
from models.evaluation.answering import answer_photograph, is_mask_network
from models.metrics import (
    Classes,
    ComponentMetrics,
    ComponentSizes,
    PixelMetrics,
    PixelScores,
    class_scores,
    confusion_matrix,
)
from models.segmentation import Segmenter
from storage.benchmark_records import ALL_DOMAINS
from storage.datasets.codings import OOD_NO, OOD_YES
from storage.experiment_records import ALL_SLICES, KNOWN_SLICE, UNSEEN_SLICE
from storage.label_space import N_CLASSES, TRAIN_CLASSES

_NUMBERS = ("auroc", "ap", "fpr95")
_CLASSES = ("mean_iou", "mean_class_accuracy", "pixel_accuracy")

Group = tuple[str, str]
"""Domain and slice."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Answered:
    """An image with what the network said; no score where the benchmark has known classes alone."""

    image: LabelledImage
    score: Float32[np.ndarray, "height width"] | None
    predicted: UInt8[np.ndarray, "height width"]

    @property
    def group(self) -> Group:
        return (self.image.domain, UNSEEN_SLICE if self.image.is_unseen else KNOWN_SLICE)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Counts:
    """What the images of one domain and slice gave."""

    answered: tuple[_Answered, ...]
    pixels: PixelMetrics
    confusion: Classes


def scores_by_group(
    network: Segmenter, architecture: str, benchmark: HeldBenchmark, score: str
) -> dict[Group, dict[str, Any]]:
    """Columns of `ExperimentResult` for every domain and slice that has images.

    They are what `benchmark_scores` gives of all pixels together, exact, each image alone through
    the network at full size.

    Args:
        network: in evaluation mode.
        architecture: of it.
        benchmark: in memory.
        score: name of the score.

    Raises:
        ValueError: if the score is not defined for the network.
    """
    names = (score,) if benchmark.has_unknown else ()
    has_masks = is_mask_network(architecture)
    answered: dict[Group, list[_Answered]] = {}
    for image in benchmark.images:
        answer = answer_photograph(network, image.photograph, names, has_masks=has_masks)
        one = _Answered(image=image, score=answer.scores.get(score), predicted=answer.predicted)
        answered.setdefault(one.group, []).append(one)
    counted = {group: _counted(images) for group, images in answered.items()}
    return {
        (domain, part): _columns(members, benchmark.sizes)
        for domain in (ALL_DOMAINS, *benchmark.domains)
        for part in (ALL_SLICES, KNOWN_SLICE, UNSEEN_SLICE)
        if (members := _members(counted, domain, part))
    }


def _members(counted: Mapping[Group, _Counts], domain: str, part: str) -> list[_Counts]:
    return [
        counts
        for (its_domain, its_part), counts in counted.items()
        if domain in (ALL_DOMAINS, its_domain) and part in (ALL_SLICES, its_part)
    ]


def _counted(images: Sequence[_Answered]) -> _Counts:
    pixels, confusion = PixelMetrics(), np.zeros((N_CLASSES, N_CLASSES), np.int64)
    for one in images:
        target = one.image.target
        if one.score is not None:
            pixels.update(one.score, target.ood)
        if target.train_ids is not None:
            confusion += confusion_matrix(target.train_ids, one.predicted)
    return _Counts(answered=tuple(images), pixels=pixels, confusion=confusion)


def _columns(members: Sequence[_Counts], sizes: ComponentSizes | None) -> dict[str, Any]:
    images = [one for counts in members for one in counts.answered]
    exact = _exact(members) if images[0].score is not None else None
    oods = [one.image.target.ood for one in images]
    return {
        "n_images": len(images),
        "n_in": sum(int(np.count_nonzero(ood == OOD_NO)) for ood in oods),
        "n_ood": sum(int(np.count_nonzero(ood == OOD_YES)) for ood in oods),
        **{name: getattr(exact, name, None) for name in _NUMBERS},
        "f1_star": _f1_star(images, exact, sizes) if exact and sizes else None,
        **_class_columns(members),
    }


def _exact(members: Sequence[_Counts]) -> PixelScores | None:
    """Numbers of all pixels together; None without pixels of both classes."""
    together = PixelMetrics()
    for counts in members:
        together.merge(counts.pixels)
    try:
        return together.compute()
    except ValueError:  # pixels of one class alone
        return None


def _f1_star(
    images: Sequence[_Answered], exact: PixelScores, sizes: ComponentSizes
) -> float | None:
    """Of components, at the threshold of the best F1 of the same pixels."""
    components = ComponentMetrics(sizes)
    for one in images:
        if one.score is not None:
            flagged = one.score >= np.float32(exact.best_f1_threshold)
            components.update(flagged, one.image.target.ood)
    return components.compute().f1_star


def _class_columns(members: Sequence[_Counts]) -> dict[str, Any]:
    confusion = np.sum([counts.confusion for counts in members], axis=0)
    nothing = {**dict.fromkeys(_CLASSES), "class_names": (), "class_ious": ()}
    if not np.any(confusion):
        return nothing
    numbers = class_scores(confusion)
    rated = zip(TRAIN_CLASSES, numbers.class_iou, numbers.class_accuracy, strict=True)
    present = [(label.name, iou) for label, iou, accuracy in rated if accuracy is not None]
    return {
        **{name: getattr(numbers, name) for name in _CLASSES},
        "class_names": tuple(name for name, _ in present),
        "class_ious": tuple(iou for _, iou in present),
    }
