"""The numbers of a closed-set table, each under a name of its own.

What is called mean accuracy in print is at times the share of all pixels; here the two are apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from models.metrics.classes import Classes, class_iou, mean_iou

ALL_DOMAINS = "all"
"""Row of a table by domain that holds the pixels of all of them together."""


@dataclass(frozen=True, kw_only=True)
class ClassScores:
    """How well the known classes were named; all in [0, 1].

    A class that no label holds has no accuracy, counts in no mean, and has an IoU of 0 if it was
    predicted, else none.

    Attributes:
        mean_iou: mean IoU of the classes that some label holds.
        mean_class_accuracy: mean of the classes' own accuracies (recalls).
        pixel_accuracy: share of all labeled pixels that were named right, named "mAcc" in the first
            implementation and its paper (Gao et al. 2024).
        class_iou: IoU of each class, by train id; None where there is none.
        class_accuracy: share of each class's pixels that were named right; None likewise.
        n_pixels: with a known label.
        n_classes: that some label holds.
    """

    mean_iou: float
    mean_class_accuracy: float
    pixel_accuracy: float
    class_iou: tuple[float | None, ...]
    class_accuracy: tuple[float | None, ...]
    n_pixels: int
    n_classes: int


def class_scores(confusion: Classes) -> ClassScores:
    """The numbers of a `confusion_matrix`, or of the sum of several.

    Raises:
        ValueError: if no pixel has a known label.
    """
    mean = mean_iou(confusion)
    per_class = confusion.sum(1)
    accuracy = np.divide(
        np.diag(confusion), per_class, out=np.full(len(per_class), np.nan), where=per_class > 0
    )
    return ClassScores(
        mean_iou=mean,
        mean_class_accuracy=float(accuracy[per_class > 0].mean()),
        pixel_accuracy=float(np.trace(confusion) / confusion.sum()),
        class_iou=_with_gaps(class_iou(confusion)),
        class_accuracy=_with_gaps(accuracy),
        n_pixels=int(confusion.sum()),
        n_classes=int(np.count_nonzero(per_class)),
    )


def scores_by_domain(confusions: Mapping[str, Classes]) -> dict[str, ClassScores]:
    """The numbers of each domain by its name, and those of all their pixels together as ``all``.

    A domain without a known label has none and is left out.

    Raises:
        ValueError: if none has one, or a domain is itself named ``all``.
    """
    if ALL_DOMAINS in confusions:
        raise ValueError(f"need other names of domains than {ALL_DOMAINS!r}, which is their sum")
    if not confusions:
        raise ValueError("need at least one domain, got none")
    together = np.sum(list(confusions.values()), axis=0)
    labeled = {name: confusion for name, confusion in confusions.items() if confusion.any()}
    rows = {**labeled, ALL_DOMAINS: together}
    return {name: class_scores(confusion) for name, confusion in rows.items()}


def _with_gaps(values: Float64[np.ndarray, " classes"]) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)
