"""Objects in the layout, and what the layout leaves true of the label.

The layout has fewer classes than the label: the generator is told "bus" where the label says train.
What it draws there cannot be known from the label, so `label_after_layout` makes such pixels void.

| label says | layout says | label afterwards |
| --- | --- | --- |
| train (16) | bus | void: it was told another class |
| motorcycle (17) | bicycle | void: it was told another class |
| bicycle (18) | bicycle | bicycle: it was told so |
| rider (12) | person | rider: the layout shows what the person sits on |
| caravan, trailer, rail track, ... | a class like it | void, as before |
| every other class | itself | itself |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, UInt8

from models.layout import layout_colors
from storage.label_space import VOID_ID, ade_class

TOLD_ANOTHER_CLASS = MappingProxyType({16: "train drawn as bus", 17: "motorcycle drawn as bicycle"})
"""Train ids that become void in the label of a generated scene, and why."""


@dataclass(frozen=True, eq=False)
class PastedObject:
    """An object in a frame: its mask at the size of the frame and its ADE20K-150 class."""

    mask: Bool[np.ndarray, "height width"]
    class_id: int


def scene_layout(
    label_ids: UInt8[np.ndarray, "height width"], objects: Sequence[PastedObject]
) -> tuple[UInt8[np.ndarray, "height width 3"], Bool[np.ndarray, "height width"]]:
    """Layout in ADE20K colors (RGB) with the objects on it, and the pixels of the objects.

    Void stays black. Where objects overlap, the later one is on top.

    Raises:
        ValueError: if a class is none of ADE20K-150.
    """
    colors = layout_colors(label_ids)
    is_ood = np.zeros(label_ids.shape, bool)
    for pasted in objects:
        colors[pasted.mask] = ade_class(pasted.class_id).color
        is_ood |= pasted.mask
    return colors, is_ood


def label_after_layout(
    train_ids: UInt8[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width"]:
    """Train ids that the layout vouches for: `TOLD_ANOTHER_CLASS` becomes void, the rest stays."""
    label: UInt8[np.ndarray, "height width"] = _after_layout()[train_ids]
    return label


@cache
def _after_layout() -> UInt8[np.ndarray, "256"]:
    table = np.arange(256, dtype=np.uint8)
    table[list(TOLD_ANOTHER_CLASS)] = VOID_ID
    table.flags.writeable = False
    return table
