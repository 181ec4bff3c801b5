"""Which Cityscapes label ids a pasted object may stand on, and which it must not hide."""

from functools import cache

import numpy as np
from jaxtyping import Bool, UInt8

from storage.label_space import CITYSCAPES_LABELS

ROAD_ID = 7
"""Label id of the road, where objects are put."""

_GROUND = ("ground", "road", "sidewalk", "parking", "rail track", "terrain")


@cache
def ground_ids() -> Bool[np.ndarray, "256"]:
    """True for label ids of flat surfaces: what an object on the road is expected to cover."""
    return _where({label.label_id for label in CITYSCAPES_LABELS if label.name in _GROUND})


@cache
def thing_ids() -> Bool[np.ndarray, "256"]:
    """True for label ids of persons, riders and vehicles: all that Cityscapes counts one by one."""
    return _where({label.label_id for label in CITYSCAPES_LABELS if label.has_instances})


def road_frac(label_ids: UInt8[np.ndarray, "height width"]) -> float:
    """Share of the label map that is road."""
    return float((label_ids == ROAD_ID).mean())


def _where(ids: set[int]) -> Bool[np.ndarray, "256"]:
    table = np.isin(np.arange(256), sorted(ids))
    table.flags.writeable = False
    return table
