"""The rules that keep or reject an object of the bank, each with a name that ends up in its row.

The first implementation has no such rules: it enlarges masks of a few pixels to 200 and pastes cut
or fragmented objects as they are (method brief A7 no. 11).
"""

from dataclasses import dataclass
from enum import StrEnum

from models.object_bank.geometry import ObjectGeometry


class Reason(StrEnum):
    """Why an object was rejected."""

    CROWD = "crowd"
    TOO_SMALL = "too_small"
    TRUNCATED = "truncated"
    FRAGMENTED = "fragmented"
    OCCLUDED = "occluded"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, kw_only=True)
class QualityRules:
    """Thresholds of the rules; an object at a threshold is kept."""

    min_side_px: float
    min_area_px: float
    max_border_frac: float
    min_solidity: float
    min_main_part_frac: float
    rejects_occluded: bool


def judge_object(
    geometry: ObjectGeometry,
    rules: QualityRules,
    *,
    is_crowd: bool = False,
    is_occluded: bool | None = None,
    is_cropped: bool | None = None,
) -> Reason | None:
    """First rule that rejects the object, or None if it is KEPT.

    ``is_occluded`` and ``is_cropped`` are the source's own statements; None, where the source says
    nothing, rejects nothing. Comparisons are written so that NaN is rejected.
    """
    verdicts = (
        (Reason.CROWD, is_crowd),
        (Reason.TOO_SMALL, not _is_large_enough(geometry, rules)),
        (Reason.TRUNCATED, bool(is_cropped) or not geometry.border_frac <= rules.max_border_frac),
        (Reason.FRAGMENTED, not _is_in_one_piece(geometry, rules)),
        (Reason.OCCLUDED, rules.rejects_occluded and bool(is_occluded)),
    )
    return next((reason for reason, is_rejected in verdicts if is_rejected), None)


def _is_large_enough(geometry: ObjectGeometry, rules: QualityRules) -> bool:
    _, _, width, height = geometry.box
    return min(width, height) >= rules.min_side_px and geometry.area_px >= rules.min_area_px


def _is_in_one_piece(geometry: ObjectGeometry, rules: QualityRules) -> bool:
    return (
        geometry.main_part_frac >= rules.min_main_part_frac
        and geometry.solidity >= rules.min_solidity
    )
