"""The perspective rule: an object stands on the road and is as large there as such things are.

A level pinhole camera at height c above flat ground sees the ground at distance z in the row
y = y0 + f c / z, where y0 is the horizon and f the focal length. A thing of height h standing there
is f h / z = h (y - y0) / c pixels high: neither f nor z has to be known. Two assumptions are made
for every frame, the horizon as a share of the label's height and the height of the camera. Heights
of things are our own estimates, one for each class (``storage/tables/ood_object_heights.csv``).
"""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8

from models.scenes.pasting import Box
from models.scenes.placement import REFERENCE_HEIGHT_PX, Subject
from models.scenes.surfaces import ROAD_ID, thing_ids
from storage.label_space import read_table

MIN_FOOT_ON_ROAD_FRAC = 0.8
_FOOT_FRAC = 0.1
_MIN_SIDE, _MAX_SIDE = 64, 500
_MARGIN = 20


@dataclass(frozen=True, kw_only=True)
class Camera:
    """What all frames of a world are assumed to share."""

    height_m: float
    horizon_frac: float


CAMERAS = MappingProxyType(
    {
        # Cityscapes' calibration files: 1.22 m high, 0.038 rad down, fy 2265, v0 513.
        "paper": Camera(height_m=1.22, horizon_frac=0.42),
        # Middle of what `models.miniature.streets` draws.
        "miniature": Camera(height_m=1.75, horizon_frac=0.445),
    }
)
"""Camera of each world, by the name of the world."""


@cache
def object_heights() -> MappingProxyType[int, float]:
    """Height in meters of each OOD class, by ADE20K-150 id."""
    rows = read_table("ood_object_heights")
    return MappingProxyType({int(row["class_id"]): float(row["height_m"]) for row in rows})


@dataclass(frozen=True)
class PerspectiveRule:
    """Bottom edge on a road pixel, size by the row of that pixel.

    The longer side stays between 64 and 500 pixels (at a label height of 1024): rows where it would
    are preferred, and where no road row allows it the size is brought to the nearer bound. Persons,
    riders and vehicles are never hidden, and the lowest tenth of the object lies on the road. It
    may hide everything else, which is farther away as a rule; a pole nearer than the object is the
    exception.
    """

    camera: Camera

    def spots(
        self, label_ids: UInt8[np.ndarray, "height width"], subject: Subject
    ) -> Int64[np.ndarray, " spots"]:
        """Road pixels below the horizon, in rows where the object has a fair size if there are."""
        height, width = label_ids.shape
        edge = max(1, round(_MARGIN * height / REFERENCE_HEIGHT_PX))
        rows, columns = np.nonzero(label_ids[:-edge, edge:-edge] == ROAD_ID)
        sides = self._longer_side(np.arange(height), subject, height)
        least, most = _bounds(height)
        is_fair = ((sides >= least) & (sides <= most))[rows]
        wanted = is_fair if is_fair.any() else (sides > 0)[rows]
        spots: Int64[np.ndarray, " spots"] = rows[wanted] * width + columns[wanted] + edge
        return spots

    def box_at(self, x: int, y: int, subject: Subject, shape: tuple[int, int]) -> Box:
        """Box whose bottom row is the spot's, centered over the spot."""
        least, most = _bounds(shape[0])
        side = float(self._longer_side(np.array([y]), subject, shape[0])[0])
        scale = min(max(side, least), most) / max(subject.mask.shape)
        height, width = (max(1, round(size * scale)) for size in subject.mask.shape)
        return x - width // 2, y + 1 - height, width, height

    def accepts(
        self,
        label_ids: UInt8[np.ndarray, "height width"],
        pasted: Bool[np.ndarray, "height width"],
    ) -> bool:
        """False where a person, rider or vehicle would be hidden, or the foot is not on road."""
        rows = np.flatnonzero(pasted.any(axis=1))
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        if thing_ids()[label_ids[top:bottom][pasted[top:bottom]]].any():
            return False
        foot_top = bottom - max(1, round(_FOOT_FRAC * (bottom - top)))
        foot = label_ids[foot_top:bottom][pasted[foot_top:bottom]]
        return bool((foot == ROAD_ID).mean() >= MIN_FOOT_ON_ROAD_FRAC)

    def _longer_side(
        self, rows: Int64[np.ndarray, " rows"], subject: Subject, label_height: int
    ) -> Float64[np.ndarray, " rows"]:
        """Longer side in pixels of the object standing in each row; not positive above horizon."""
        below_horizon = rows + 1 - self.camera.horizon_frac * label_height
        stretch = max(subject.mask.shape) / subject.mask.shape[0]
        sides: Float64[np.ndarray, " rows"] = (
            below_horizon * subject.height_m / self.camera.height_m * stretch
        )
        return sides


def _bounds(label_height: int) -> tuple[float, float]:
    scale = label_height / REFERENCE_HEIGHT_PX
    return _MIN_SIDE * scale, _MAX_SIDE * scale
