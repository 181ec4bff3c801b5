"""Average precision of scores of any type that lie in memory; `models.metrics.pixel` has the rest.

Void pixels are the caller's to leave out.
"""

import numpy as np
from jaxtyping import Bool, Shaped


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
