"""Cityscapes label ids to ADE20K layout colors at 1024x2048: ours against one mask per class."""

import sys

import numpy as np
import side_by_side

from models.layout import layout_color_table, layout_colors
from storage.label_space import CITYSCAPES_LABELS

HEIGHT, WIDTH, BLOCK = 1024, 2048, 16


def label_map() -> np.ndarray:
    """A map of all label ids in blocks, the same on every call."""
    random = np.random.default_rng(0)
    blocks = random.integers(0, len(CITYSCAPES_LABELS), (HEIGHT // BLOCK, WIDTH // BLOCK))
    return np.kron(blocks, np.ones((BLOCK, BLOCK), int)).astype(np.uint8)


def color_by_masks(label_ids: np.ndarray) -> np.ndarray:
    """The usual way: find the pixels of each class, then color them."""
    colors = np.zeros((*label_ids.shape, 3), np.uint8)
    for label in CITYSCAPES_LABELS:
        colors[label_ids == label.label_id] = layout_color_table()[label.label_id]
    return colors


if __name__ == "__main__":
    label_ids = label_map()
    sys.exit(
        side_by_side.run(
            f"layout colors at {HEIGHT}x{WIDTH}, {len(CITYSCAPES_LABELS)} classes",
            slow=lambda: color_by_masks(label_ids),
            fast=lambda: layout_colors(label_ids),
            agree=np.array_equal,
            bar=50,
        )
    )
