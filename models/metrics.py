"""How well a segmenter names known classes and finds unknown pixels: exact, in memory.

Void pixels are the caller's to leave out of scores; label maps may hold any value that is no class.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int64, Integer, Shaped

from storage.label_space import N_CLASSES

Classes = Int64[np.ndarray, "classes classes"]


def confusion_matrix(
    label: Integer[np.ndarray, "*pixels"], predicted: Integer[np.ndarray, "*pixels"]
) -> Classes:
    """Pixels by true class (row) and predicted class (column); labels outside 0 to 18 are left out.

    Raises:
        ValueError: if a prediction on a labeled pixel is no class.
    """
    is_known = (label >= 0) & (label < N_CLASSES)
    true, named = label[is_known].astype(np.int64), predicted[is_known].astype(np.int64)
    if named.size and not (named.min() >= 0 and named.max() < N_CLASSES):
        wrong = named.min() if named.min() < 0 else named.max()
        raise ValueError(f"need predictions from 0 to {N_CLASSES - 1}, got {wrong}")
    counts = np.bincount(true * N_CLASSES + named, minlength=N_CLASSES**2)
    return np.asarray(counts.reshape(N_CLASSES, N_CLASSES))


def class_iou(confusion: Classes) -> Float64[np.ndarray, " classes"]:
    """Intersection over union of each class in [0, 1]; NaN where neither map holds the class."""
    hits = np.diag(confusion).astype(np.float64)
    union = confusion.sum(0) + confusion.sum(1) - hits
    return np.asarray(
        np.divide(hits, union, out=np.full(N_CLASSES, np.nan), where=union > 0), dtype=np.float64
    )


def mean_iou(confusion: Classes) -> float:
    """Mean of `class_iou` over the classes that some label holds, in [0, 1].

    A class that is only predicted costs the classes it was mistaken for, and is not counted again.

    Raises:
        ValueError: if no pixel has a known label.
    """
    is_present = confusion.sum(1) > 0
    if not is_present.any():
        raise ValueError("need pixels of a known class, got none")
    return float(class_iou(confusion)[is_present].mean())


def average_precision(
    ood_score: Shaped[np.ndarray, " pixels"], is_ood: Bool[np.ndarray, " pixels"]
) -> float:
    """Area under the precision-recall curve as a step function, in [0, 1]; ties count together.

    The rule of scikit-learn and of the SMIYC benchmark: the sum of recall gained times precision.

    Args:
        ood_score: finite numbers of any type, higher is further out of distribution; void pixels
            removed.
        is_ood: true on pixels of unknown objects.

    Raises:
        ValueError: if the two are not one axis of the same pixels, `is_ood` is no mask or holds no
            OOD pixel, or a score is not finite.
    """
    _check_pixels(ood_score, is_ood)
    order = np.argsort(ood_score, kind="stable")[::-1]  # negated, unsigned scores would wrap
    ends = np.flatnonzero(np.append(np.diff(ood_score[order]) != 0, True))
    true_positives = np.cumsum(is_ood[order])[ends]
    gained = np.diff(true_positives, prepend=0) / true_positives[-1]
    return float((gained * true_positives / (ends + 1)).sum())


def _check_pixels(ood_score: np.ndarray, is_ood: np.ndarray) -> None:
    if is_ood.dtype != np.bool_:
        raise ValueError(f"need a mask of booleans as is_ood, got {is_ood.dtype}")
    if ood_score.ndim != 1 or ood_score.shape != is_ood.shape:
        raise ValueError(
            "need scores and mask of the same pixels on one axis, got the shapes "
            f"{ood_score.shape} and {is_ood.shape}"
        )
    if not is_ood.any():
        raise ValueError(f"need OOD pixels, got none of {is_ood.size}")
    if not np.isfinite(ood_score).all():
        raise ValueError("need finite OOD scores, got NaN or infinite ones")
