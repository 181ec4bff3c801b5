"""Masks of objects: the box that SAM is asked with, how far two agree, and all of them at once."""

import numpy as np
from jaxtyping import Bool

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels: the left and top, right and bottom pixel that it still holds."""


def mask_box(mask: Bool[np.ndarray, "height width"]) -> Box:
    """Smallest box around a mask, its last column and row included.

    The published filter prompts SAM with this box of the pasted mask (Gao et al. 2024, first
    implementation); SAM itself adds the half pixel to the middle of the corner pixels.

    Raises:
        ValueError: if the mask is empty, which no box can stand for.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        raise ValueError(f"need a mask with at least one pixel, got {mask.shape} without any")
    return float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])


def mask_iou(
    first: Bool[np.ndarray, "height width"], second: Bool[np.ndarray, "height width"]
) -> float:
    """Intersection over union in [0, 1]; 0 for two empty masks, so that nothing passes for it."""
    union = np.count_nonzero(first | second)
    return float(np.count_nonzero(first & second) / union) if union else 0.0


def any_object(
    masks: Bool[np.ndarray, "*objects height width"],
) -> Bool[np.ndarray, "height width"]:
    """Pixels that one of the masks holds, none where there is no mask."""
    return np.asarray(masks.any(axis=tuple(range(masks.ndim - 2))))
