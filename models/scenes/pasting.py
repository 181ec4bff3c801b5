"""Bring label maps and masks to another size by nearest pixels; a pasted mask is never lost."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Int64, Shaped

Box: TypeAlias = tuple[int, int, int, int]
"""Left edge, top edge, width and height in pixels of the label map; may reach beyond the frame."""

MIN_KEPT_FRAC = 0.5
"""Least share of its area that a mask keeps when it is made smaller by picking nearest pixels."""


def resize_nearest(
    pixels: Shaped[np.ndarray, "height width *channels"], *, height_px: int, width_px: int
) -> Shaped[np.ndarray, "new_height new_width *channels"]:
    """Map of another size: each new pixel takes the one below its center, so no value is new.

    Raises:
        ValueError: if a side, old or new, is below 1.
    """
    if min(*pixels.shape[:2], height_px, width_px) < 1:
        raise ValueError(
            f"need sizes of 1 or more, got {pixels.shape[0]}x{pixels.shape[1]} to become "
            f"{height_px}x{width_px}"
        )
    rows, columns = _nearest(pixels.shape[0], height_px), _nearest(pixels.shape[1], width_px)
    resized: Shaped[np.ndarray, "new_height new_width *channels"] = pixels[
        rows[:, None], columns[None, :]
    ]
    return resized


def resize_mask(
    mask: Bool[np.ndarray, "height width"], *, height_px: int, width_px: int
) -> Bool[np.ndarray, "new_height new_width"]:
    """Mask of another size, by nearest pixels (their centers), as published.

    Nearest pixels can miss thin parts. Where less than half of the area would be left, a pixel of
    the new mask is set if any pixel below it is; so what is not empty never becomes empty.

    Raises:
        ValueError: if the mask is empty or a side of the new size is below 1.
    """
    if not mask.any() or min(height_px, width_px) < 1:
        raise ValueError(
            f"need a mask with an object and a size of 1 or more, got {int(mask.sum())} pixels and "
            f"{height_px}x{width_px}"
        )
    nearest = resize_nearest(mask, height_px=height_px, width_px=width_px)
    if nearest.mean() >= MIN_KEPT_FRAC * mask.mean():
        return nearest
    covered = np.logical_or.reduceat(mask, _first(mask.shape[0], height_px), axis=0)
    return np.logical_or.reduceat(covered, _first(mask.shape[1], width_px), axis=1)


def paste_mask(
    mask: Bool[np.ndarray, "height width"],
    box: Box,
    shape: tuple[int, int],
    *,
    is_flipped: bool = False,
) -> Bool[np.ndarray, "frame_height frame_width"]:
    """True where the mask lies when it fills the box in a frame of ``shape`` (height, width).

    What reaches beyond the frame is cut off. ``is_flipped`` mirrors the mask left to right.

    Raises:
        ValueError: as `resize_mask`.
    """
    x, y, width, height = box
    resized = resize_mask(mask[:, ::-1] if is_flipped else mask, height_px=height, width_px=width)
    pasted = np.zeros(shape, bool)
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + height, shape[0]), min(x + width, shape[1])
    if top < bottom and left < right:
        pasted[top:bottom, left:right] = resized[top - y : bottom - y, left - x : right - x]
    return pasted


def _nearest(size: int, new_size: int) -> Int64[np.ndarray, " new"]:
    """Pixel below the center of each new pixel; in whole numbers, so that no rounding decides."""
    return (2 * np.arange(new_size, dtype=np.int64) + 1) * size // (2 * new_size)


def _first(size: int, new_size: int) -> Int64[np.ndarray, " new"]:
    """First pixel below each new pixel."""
    return np.arange(new_size, dtype=np.int64) * size // new_size
