"""How well a segmenter names the known classes: counts of pixels, and what is read from them.

One rule for absent classes: a mean goes over the classes that some label holds.
"""

import numpy as np
from jaxtyping import Float64, Int64, Integer

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
