"""Masks as COCO compressed run-length encoding: the form in which manifests store them.

Runs go down the columns (Fortran order), start with background and alternate, as in pycocotools.
"""

import numpy as np
from jaxtyping import Bool, Int, Int64
from pycocotools import mask as coco_mask

from storage.limits import MAX_PIXELS


def encode_mask(mask: Bool[np.ndarray, "height width"]) -> bytes:
    """COCO compressed RLE of a mask of full image size."""
    counts: bytes = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    return counts


def encode_box_mask(
    mask: Bool[np.ndarray, "box_height box_width"],
    *,
    left_px: int,
    top_px: int,
    image_size: tuple[int, int],
) -> bytes:
    """COCO compressed RLE, at the size of the image, of a mask that is cut to its box.

    Same bytes as `encode_mask` of the full mask, without building it. ``image_size`` is
    ``(height, width)``.

    Raises:
        ValueError: if the box leaves the image.
    """
    height, width = image_size
    bottom, right = top_px + mask.shape[0], left_px + mask.shape[1]
    if min(left_px, top_px) < 0 or bottom > height or right > width:
        raise ValueError(
            f"need a box inside the image of {height}x{width} pixels, got {mask.shape[0]}x"
            f"{mask.shape[1]} pixels at x={left_px}, y={top_px}"
        )
    edges = _column_edges(mask)
    columns, rows = np.divmod(edges, mask.shape[0] + 1)
    starts_and_ends = (left_px + columns) * height + top_px + rows
    counts = np.diff(_without_touching(starts_and_ends), prepend=0, append=height * width)
    if counts.size > 1 and counts[-1] == 0:
        counts = counts[:-1]
    runs = {"size": [height, width], "counts": counts.tolist()}
    compressed: bytes = coco_mask.frPyObjects(runs, height, width)["counts"]
    return compressed


def decode_mask(
    counts: bytes, *, height_px: int, width_px: int
) -> Bool[np.ndarray, "height width"]:
    """Mask of a COCO compressed RLE; true on the object.

    Raises:
        ValueError: if the runs do not fill exactly ``height_px * width_px`` pixels, or these are
            more than `MAX_PIXELS`.
    """
    if height_px * width_px > MAX_PIXELS:
        raise ValueError(f"need a mask of at most {MAX_PIXELS} pixels, got {height_px}x{width_px}")
    runs = _checked_runs(counts, height_px, width_px)
    is_object = np.arange(runs.size) % 2 == 1
    return np.ascontiguousarray(np.repeat(is_object, runs).reshape(width_px, height_px).T)


def mask_area(counts: bytes, *, height_px: int, width_px: int) -> int:
    """Pixels of the object of a COCO compressed RLE, without decoding the mask.

    Raises:
        ValueError: as `decode_mask`.
    """
    return int(_checked_runs(counts, height_px, width_px)[1::2].sum())


def _checked_runs(counts: bytes, height_px: int, width_px: int) -> Int64[np.ndarray, " runs"]:
    runs = _decompress(counts)
    if runs.size == 0 or runs.min() < 0 or runs.sum() != height_px * width_px:
        raise ValueError(
            f"need an RLE of {height_px}x{width_px} pixels, got runs over {runs.sum()} pixels"
        )
    return runs


def _decompress(counts: bytes) -> Int64[np.ndarray, " runs"]:
    """Lengths of the runs of a compressed RLE; none where the bytes are no such RLE.

    A number is a row of bytes from 48 up with five bits each, low bits first; 32 says that more
    follow, 16 in the last is the sign. From the fourth number on it is the change from the number
    two before (COCO API, ``rleFrString``).
    """
    groups = np.frombuffer(counts, np.uint8).astype(np.int64) - 48
    if not groups.size or groups.min() < 0 or groups.max() > 63 or groups[-1] & 32:
        return np.zeros(0, np.int64)
    is_last = groups & 32 == 0
    starts = np.flatnonzero(np.append(True, is_last[:-1]))
    places = np.arange(groups.size) - np.repeat(starts, np.diff(starts, append=groups.size))
    if places.max() > 7:
        return np.zeros(0, np.int64)
    runs: Int64[np.ndarray, " runs"] = np.add.reduceat((groups & 31) << 5 * places, starts)
    is_negative = groups[is_last] & 16 > 0
    runs -= is_negative.astype(np.int64) << 5 * (places[is_last] + 1)
    for first in (1, 2):
        runs[first::2] = np.cumsum(runs[first::2])
    return runs


def _column_edges(mask: Bool[np.ndarray, "box_height box_width"]) -> Int[np.ndarray, " edges"]:
    """Where the mask changes along each column, with a background pixel below every column."""
    padded = np.zeros((mask.shape[1], mask.shape[0] + 1), np.int8)
    padded[:, :-1] = mask.T
    return np.flatnonzero(np.diff(padded.ravel(), prepend=np.int8(0)))


def _without_touching(edges: Int[np.ndarray, " edges"]) -> Int[np.ndarray, " kept"]:
    """Edges without the pairs where one column's run ends and the next column's begins at once."""
    is_joint = np.zeros(edges.size + 1, bool)
    is_joint[1:-1] = edges[1:] == edges[:-1]
    return edges[~(is_joint[1:] | is_joint[:-1])]
