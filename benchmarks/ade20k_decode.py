"""Decoding an ADE20K ``_seg.png`` of 1536x2304 pixels: ours against ``numpy.unique(axis=0)``.

The usual way is timed without boxes and areas, which ours gives as well.
"""

import sys

import cv2
import numpy as np
import side_by_side

from storage.datasets.ade20k_decode import (
    DecodedSegmentation,
    decode_segmentation,
    encode_segmentation,
    instance_byte,
)

HEIGHT, WIDTH, N_OBJECTS = 1536, 2304, 60


def scene() -> np.ndarray:
    """A coded scene of overlapping ellipses with rough outlines, the same on every call."""
    random = np.random.default_rng(0)
    class_index = np.zeros((HEIGHT, WIDTH), np.int32)
    instances = np.zeros((HEIGHT, WIDTH), np.uint8)
    for n in range(1, N_OBJECTS + 1):
        center = random.uniform((0, 0), (WIDTH, HEIGHT))
        angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        radii = random.uniform(40, 300) * random.uniform(0.8, 1.2, angles.size)
        points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None] + center
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(mask, [points.round().astype(np.int32)], 1)
        class_index[mask > 0] = random.integers(1, 3149)
        instances[mask > 0] = instance_byte(n, N_OBJECTS)
    return encode_segmentation(class_index, instances)


def decode_by_unique(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colors and, for each pixel, the place of its color; the first color is background."""
    colors, places = np.unique(rgb.reshape(-1, 3), axis=0, return_inverse=True)
    return colors, places.reshape(rgb.shape[:2])


def agree(slow: tuple[np.ndarray, np.ndarray], fast: DecodedSegmentation) -> bool:
    """Whether both ways number the same instances."""
    colors, places = slow
    indices = colors[1:, 0].astype(int) // 10 * 256 + colors[1:, 1]
    return (
        not colors[0].any()
        and np.array_equal(places, fast.ids)
        and np.array_equal(indices, fast.class_index)
        and np.array_equal(colors[1:, 2], fast.instance_byte)
    )


if __name__ == "__main__":
    rgb = scene()
    sys.exit(
        side_by_side.run(
            f"ADE20K decode at {HEIGHT}x{WIDTH}, {N_OBJECTS} objects",
            slow=lambda: decode_by_unique(rgb),
            fast=lambda: decode_segmentation(rgb),
            agree=agree,
            bar=20,
        )
    )
