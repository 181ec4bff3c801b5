"""The layout that conditions ControlNet: a Cityscapes label map in the colors of ADE20K.

Reference: Gao et al. 2024, first implementation, for the pairs of classes
(`storage/tables/cityscapes_to_ade20k.csv`). Deviation: it recolored in place and color by color, so
that every black class became road together with the ego vehicle; here each label id has its own
color and void stays black.
"""

from functools import cache

import cv2
import numpy as np
from jaxtyping import UInt8

from storage.label_space import ade_class, read_table


def layout_colors(
    label_ids: UInt8[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width 3"]:
    """ADE20K colors (RGB) of Cityscapes label ids; black for void and for ids outside the table."""
    colors: UInt8[np.ndarray, "height width 3"] = cv2.applyColorMap(
        np.ascontiguousarray(label_ids), layout_color_table()[:, None]
    )
    return colors


@cache
def layout_color_table() -> UInt8[np.ndarray, "256 3"]:
    """RGB color of each Cityscapes label id."""
    table = np.zeros((256, 3), np.uint8)
    for label_id, class_id in enumerate(layout_class_table()):
        if class_id > 0:
            table[label_id] = ade_class(int(class_id)).color
    table.flags.writeable = False
    return table


@cache
def layout_class_table() -> UInt8[np.ndarray, "256"]:
    """ADE20K-150 class of each Cityscapes label id, 0 where the layout is black."""
    table = np.zeros(256, np.uint8)
    for row in read_table("cityscapes_to_ade20k"):
        table[int(row["label_id"])] = max(0, int(row["class_id"]))
    table.flags.writeable = False
    return table
