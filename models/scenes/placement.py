"""Where an object is pasted, and how large: two rules, and the conditions that every place meets.

Lengths are stated for label maps 1024 pixels high and scale with the height of others.

Published rule (Gao et al. 2024, first implementation): the center is drawn evenly from road pixels
150 pixels or more away from every border; while there is none, the margin falls by 10, down to 10.
The longer side of the box is brought to 200 to 500 pixels. At the left and top edge the box is
shifted into the frame, at the others cut off. It looks at nothing else: what the object hides is
only recorded (`Placed.not_ground_frac`). Deviation: a place that leaves less than a minimum of the
mask in sight, or hides an object pasted before, is drawn again, and an object that finds no place
is refused; the first implementation went on with an empty mask.

Perspective rule: `models.scenes.perspective`.
"""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from models.scenes.pasting import Box, paste_mask, resize_mask
from models.scenes.surfaces import ROAD_ID, ground_ids

REFERENCE_HEIGHT_PX = 1024
MAX_TRIES = 64
"""Places drawn for one object before it counts as one without a place."""

_MARGINS = range(150, 9, -10)
_MIN_SIDE, _MAX_SIDE = 200, 500


@dataclass(frozen=True, eq=False)
class Subject:
    """An object to place: its mask cut to its box, and how high such things are."""

    mask: Bool[np.ndarray, "height width"]
    height_m: float = 1.0


@dataclass(frozen=True, eq=False)
class Placed:
    """Where an object lies: its box, whether it is mirrored, and its mask in the whole frame.

    ``not_ground_frac`` is the share of the covered pixels that are no flat ground, 0 to 1.
    """

    box: Box
    is_flipped: bool
    mask: Bool[np.ndarray, "height width"]
    not_ground_frac: float


@runtime_checkable
class Rule(Protocol):
    """How places are drawn and judged."""

    def spots(
        self, label_ids: UInt8[np.ndarray, "height width"], subject: Subject
    ) -> Int64[np.ndarray, " spots"]:
        """Pixels to draw from, counted row by row; none where the object has no place."""
        ...

    def box_at(self, x: int, y: int, subject: Subject, shape: tuple[int, int]) -> Box:
        """Box of the object at a spot."""
        ...

    def accepts(
        self,
        label_ids: UInt8[np.ndarray, "height width"],
        pasted: Bool[np.ndarray, "height width"],
    ) -> bool:
        """Whether the object may cover these pixels."""
        ...


@dataclass(frozen=True)
class PublishedRule:
    """Size by the frame alone, center anywhere on the road."""

    def spots(
        self,
        label_ids: UInt8[np.ndarray, "height width"],
        subject: Subject,  # noqa: ARG002
    ) -> Int64[np.ndarray, " spots"]:
        """Road pixels at the largest margin that has some."""
        height, width = label_ids.shape
        for margin in _MARGINS:
            edge = max(1, round(margin * height / REFERENCE_HEIGHT_PX))
            rows, columns = np.nonzero(label_ids[edge:-edge, edge:-edge] == ROAD_ID)
            if rows.size:
                spots: Int64[np.ndarray, " spots"] = (rows + edge) * width + columns + edge
                return spots
        return np.zeros(0, np.int64)

    def box_at(self, x: int, y: int, subject: Subject, shape: tuple[int, int]) -> Box:
        """Box around the spot, shifted into the frame at the left and the top."""
        longer = max(subject.mask.shape)
        scale = shape[0] / REFERENCE_HEIGHT_PX
        side = min(max(longer, _MIN_SIDE * scale), _MAX_SIDE * scale)
        height, width = (max(1, round(size * side / longer)) for size in subject.mask.shape)
        return max(x - width // 2, 0), max(y - height // 2, 0), width, height

    def accepts(
        self,
        label_ids: UInt8[np.ndarray, "height width"],  # noqa: ARG002
        pasted: Bool[np.ndarray, "height width"],  # noqa: ARG002
    ) -> bool:
        """True: the published rule hides whatever there is."""
        return True


@dataclass(frozen=True, kw_only=True)
class PlacementRules:
    """A rule, how often an object is mirrored, and what of it must stay in sight.

    ``min_visible_frac`` is a share of the pasted mask; ``min_area_px`` counts pixels at a label
    height of 1024.
    """

    rule: Rule = field(default_factory=PublishedRule)
    flip_frac: float = 0.0
    min_visible_frac: float = 0.5
    min_area_px: float = 400.0


def place_object(
    label_ids: UInt8[np.ndarray, "height width"],
    subject: Subject,
    rules: PlacementRules,
    *,
    seed: int,
    taken: Bool[np.ndarray, "height width"] | None = None,
) -> Placed | None:
    """A place for the object, or None where `MAX_TRIES` draws found none.

    Args:
        label_ids: Cityscapes label ids of the frame.
        subject: the object.
        rules: what places are drawn by.
        seed: equal seeds give equal places.
        taken: pixels of objects pasted before, which the object must leave alone.
    """
    rng = np.random.default_rng(seed)
    is_flipped = bool(rng.random() < rules.flip_frac)
    spots = rules.rule.spots(label_ids, subject)
    for _ in range(MAX_TRIES if spots.size else 0):
        y, x = divmod(int(spots[int(rng.integers(spots.size))]), label_ids.shape[1])
        box = rules.rule.box_at(x, y, subject, label_ids.shape)
        pasted = paste_mask(subject.mask, box, label_ids.shape, is_flipped=is_flipped)
        is_free = _is_in_sight(pasted, subject, box, rules) and not _is_taken(pasted, taken)
        if is_free and rules.rule.accepts(label_ids, pasted):
            return _placed(label_ids, box, is_flipped, pasted)
    return None


def _is_in_sight(
    pasted: Bool[np.ndarray, "height width"], subject: Subject, box: Box, rules: PlacementRules
) -> bool:
    _, _, width, height = box
    whole = int(resize_mask(subject.mask, height_px=height, width_px=width).sum())
    visible = int(pasted.sum())
    scale = pasted.shape[0] / REFERENCE_HEIGHT_PX
    least: float = max(1.0, rules.min_area_px * scale**2, rules.min_visible_frac * whole)
    return visible >= least


def _is_taken(
    pasted: Bool[np.ndarray, "height width"], taken: Bool[np.ndarray, "height width"] | None
) -> bool:
    return taken is not None and bool((pasted & taken).any())


def _placed(
    label_ids: UInt8[np.ndarray, "height width"],
    box: Box,
    is_flipped: bool,
    pasted: Bool[np.ndarray, "height width"],
) -> Placed:
    is_ground = ground_ids()[label_ids[pasted]]
    return Placed(box, is_flipped, pasted, float(1 - is_ground.mean()))
