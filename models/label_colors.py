"""A label as people see it: in the colors of Cityscapes, or drawn onto the picture it belongs to.

Classes have the colors of the official table, so that they look as everywhere else; unknown objects
have one that no class comes near (52 or more apart in CIE L*a*b*), void is black.
"""

from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from storage.label_space import OOD_ID, TRAIN_CLASSES

Color: TypeAlias = tuple[int, int, int]

OOD_COLOR: Color = (0, 255, 255)
"""Cyan: the road, where the objects are, is its complement in hue and far darker."""

VOID_COLOR: Color = (0, 0, 0)

_BORDER: Color = (255, 255, 255)
_HALO: Color = (16, 20, 28)


def label_colors(
    train_ids: UInt8[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width 3"]:
    """RGB picture of train ids; ids that are neither a class nor `OOD_ID` are black, as void is."""
    colors: UInt8[np.ndarray, "height width 3"] = cv2.applyColorMap(
        np.ascontiguousarray(train_ids), label_color_table()[:, None]
    )
    return colors


@cache
def label_color_table() -> UInt8[np.ndarray, "256 3"]:
    """RGB color of each train id."""
    table = np.full((256, 3), VOID_COLOR, np.uint8)
    for label in TRAIN_CLASSES:
        table[label.train_id] = label.color
    table[OOD_ID] = OOD_COLOR
    table.flags.writeable = False
    return table


def overlay(
    picture: UInt8[np.ndarray, "height width 3"],
    train_ids: UInt8[np.ndarray, "height width"],
    *,
    thickness_px: int = 2,
) -> UInt8[np.ndarray, "height width 3"]:
    """The picture with thin lines where the class changes, and unknown objects outlined."""
    drawn = picture.copy()
    drawn[_class_borders(train_ids)] = _BORDER
    return outline(drawn, train_ids == OOD_ID, thickness_px=thickness_px)


def outline(
    picture: UInt8[np.ndarray, "height width 3"],
    mask: Bool[np.ndarray, "height width"],
    *,
    color: Color = OOD_COLOR,
    thickness_px: int = 2,
) -> UInt8[np.ndarray, "height width 3"]:
    """The picture with a line around the mask, and a dark one around that.

    The line lies on the mask's own rim and the dark one beside it, so that the outline is seen on
    bright and dark ground, and a mask at the border of the picture is closed there.

    Raises:
        ValueError: if the line is thinner than a pixel.
    """
    if thickness_px < 1:
        raise ValueError(f"need a line of 1 pixel or more, got {thickness_px}")
    square = np.ones((3, 3), np.uint8)
    # The border must count as outside, or the outline would be open where the mask is cut off.
    inside = np.pad(mask.astype(np.uint8), 1)
    kept = cv2.erode(inside, square, iterations=thickness_px)[1:-1, 1:-1] > 0
    around = cv2.dilate(inside, square)[1:-1, 1:-1] > 0
    drawn = picture.copy()
    drawn[around & ~mask] = _HALO
    drawn[mask & ~kept] = color
    return drawn


def _class_borders(
    train_ids: UInt8[np.ndarray, "height width"],
) -> Bool[np.ndarray, "height width"]:
    """Pixels that differ from their right or lower neighbor."""
    is_border = np.zeros(train_ids.shape, bool)
    is_border[:, :-1] |= train_ids[:, :-1] != train_ids[:, 1:]
    is_border[:-1] |= train_ids[:-1] != train_ids[1:]
    return is_border
