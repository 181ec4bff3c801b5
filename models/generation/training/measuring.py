"""What other networks say about a set of pictures of known layouts: rendered or generated ones."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8

from models.filtering import (
    Thresholds,
    calibrate_threshold,
    detect,
    judge,
    known_scores,
    scene_label,
)
from models.filtering.examining import Wanted, examine
from models.filtering.sam.segmenter import SamSegmenter
from models.generation.training.conditions import ConditionClassifier, predict_conditions
from models.generation.training.examples import object_masks
from models.generation.training.quality import agreement, class_ious, class_table, mean_ood_iou
from models.generation.training.segmenters import (
    N_WITH_OOD,
    StreetSegmenter,
    predict_classes,
    with_ood_class,
)
from models.segmentation.network import Segmenter
from storage.label_space import N_CLASSES, OOD_ID, TRAIN_CLASSES, VOID_ID

_BATCH_SIZE = 32

CLASS_NAMES = (*(c.name for c in TRAIN_CLASSES), "unknown object")
"""Of the judge, in its order."""

FEATURES = "mean over the picture of the 64 decoder channels of the judge"
"""Network behind the Frechet distance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Instruments:
    """Networks to measure with, in evaluation mode.

    Attributes:
        judge: names classes and unknown objects.
        classifier: of weather and time.
        sam: of the filter.
        detector: of the filter.
    """

    judge: StreetSegmenter
    classifier: ConditionClassifier
    sam: SamSegmenter
    detector: Segmenter


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredScenes:
    """Scenes as they were rendered.

    Attributes:
        images: RGB.
        labels: train ids, `OOD_ID` on objects.
        instances: 1, 2, ... on the objects.
        conditions: numbers of weather and time.
    """

    images: UInt8[np.ndarray, "scenes height width 3"]
    labels: UInt8[np.ndarray, "scenes height width"]
    instances: UInt8[np.ndarray, "scenes height width"]
    conditions: Int64[np.ndarray, " scenes"]


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """How well pictures show their layouts and prompts.

    Attributes:
        miou: mean over the classes that occur, unknown objects included.
        class_iou: by name of the class; None for a class that no label holds.
        condition_agreement: share of the pictures with the weather and the time that were wanted.
    """

    miou: float
    class_iou: dict[str, float | None]
    condition_agreement: float


@dataclass(frozen=True, kw_only=True)
class FilterFigures:
    """What the filter makes of pictures, each a first attempt.

    Attributes:
        n_attempts: pictures with an object.
        passed_frac: share of them that passes.
        reasons: how many were rejected for what.
        ood_iou: mean over those that pass of the IoU of label 254 with the judge's unknown pixels;
            None if nothing passes.
    """

    n_attempts: int
    passed_frac: float
    reasons: dict[str, int]
    ood_iou: float | None


@dataclass(frozen=True, eq=False)
class Judged:
    """What the judge says of pictures: classes, and features for distances."""

    classes: UInt8[np.ndarray, "scenes height width"]
    features: Float[np.ndarray, "scenes channels"]


def judged(images: UInt8[np.ndarray, "scenes height width 3"], tools: Instruments) -> Judged:
    """Classes and features that the judge finds."""
    classes, features = predict_classes(tools.judge, torch.from_numpy(images))
    return Judged(classes.numpy(), features.numpy())


def faithfulness(
    images: UInt8[np.ndarray, "scenes height width 3"],
    found: Judged,
    scenes: MeasuredScenes,
    tools: Instruments,
) -> Faithfulness:
    """How well pictures show what the scenes of the same numbers are."""
    wanted = with_ood_class(torch.from_numpy(scenes.labels)).numpy()
    table = class_table(wanted, found.classes, n_classes=N_WITH_OOD)
    ious = class_ious(table)
    conditions = predict_conditions(tools.classifier, torch.from_numpy(images)).numpy()
    named = zip(CLASS_NAMES, ious.tolist(), strict=True)
    return Faithfulness(
        miou=float(np.nanmean(ious)),
        class_iou={name: None if iou != iou else iou for name, iou in named},
        condition_agreement=agreement(conditions, scenes.conditions),
    )


def ood_threshold(scenes: MeasuredScenes, detector: Segmenter, *, quantile: float) -> float:
    """Score that this share of the known pixels of rendered scenes does not exceed."""
    batches = range(0, len(scenes.images), _BATCH_SIZE)
    return calibrate_threshold(
        (
            known_scores(score, label)
            for start in batches
            for score, label in zip(
                detect(detector, scenes.images[start : start + _BATCH_SIZE]).ood_score,
                scenes.labels[start : start + _BATCH_SIZE],
                strict=True,
            )
        ),
        quantile,
    )


def filter_figures(
    images: UInt8[np.ndarray, "scenes height width 3"],
    found: Judged,
    scenes: MeasuredScenes,
    tools: Instruments,
    thresholds: Thresholds,
) -> FilterFigures:
    """What the filter makes of pictures of these scenes; those without objects are left out."""
    wanted = [_wanted(*maps) for maps in zip(scenes.labels, scenes.instances, strict=True)]
    tried = [index for index, scene in enumerate(wanted) if len(scene.pasted_masks)]
    reasons: Counter[str] = Counter()
    labels, unknown = [], []
    size = min(_BATCH_SIZE, len(tried))
    for start in range(0, len(tried), size or 1):
        numbers = tried[start : start + size]
        asked = [wanted[index] for index in numbers]
        examined = examine(
            images[numbers], asked, sam=tools.sam, detector=tools.detector, batch_size=size
        )
        for index, scene, (scores, masks) in zip(numbers, asked, examined, strict=True):
            verdict = judge(scores, thresholds)
            if verdict.reason is not None:
                reasons[verdict.reason.value] += 1
                continue
            labels.append(scene_label(scene.label_train_ids, scene.pasted_masks, masks))
            unknown.append(found.classes[index] == N_CLASSES)
    return FilterFigures(
        n_attempts=len(tried),
        passed_frac=len(labels) / len(tried) if tried else 0.0,
        reasons=dict(sorted(reasons.items())),
        ood_iou=mean_ood_iou(labels, unknown),
    )


def _wanted(
    label: UInt8[np.ndarray, "height width"], instances: UInt8[np.ndarray, "height width"]
) -> Wanted:
    """What the method would have asked for; what the objects hide is unknown here, so void."""
    before = np.where(label == OOD_ID, VOID_ID, label).astype(np.uint8)
    return Wanted(object_masks(instances), before)
