"""What a mask's shape says about an object: box, area, border contact, solidity, fragmentation."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, UInt8


@dataclass(frozen=True)
class ObjectGeometry:
    """Shape of one object in its source image, in pixels of that image.

    ``box`` is (x, y, width, height). ``border_frac`` is the share of outline pixels that lie on the
    image border, ``solidity`` the area over that of the filled convex hull, ``main_part_frac`` the
    share of the area in the largest 8-connected part; all three in [0, 1], and 0 where no pixel of
    the object is visible.
    """

    box: tuple[int, int, int, int]
    area_px: int
    border_frac: float
    solidity: float
    main_part_frac: float


def measure_object(mask: Bool[np.ndarray, "height width"]) -> ObjectGeometry:
    """Geometry of a mask given at the size of its image; an empty mask gives zeros."""
    if not mask.any():
        return ObjectGeometry(
            box=(0, 0, 0, 0), area_px=0, border_frac=0.0, solidity=0.0, main_part_frac=0.0
        )
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    part = np.ascontiguousarray(mask[y : y + height, x : x + width]).astype(np.uint8)
    area = int(part.sum())
    return ObjectGeometry(
        box=(x, y, width, height),
        area_px=area,
        border_frac=_border_share(mask, (x, y, width, height), part),
        solidity=area / _hull_area(part),
        main_part_frac=_largest_part(part) / area,
    )


def _border_share(
    mask: Bool[np.ndarray, "height width"],
    box: tuple[int, int, int, int],
    part: UInt8[np.ndarray, "box_height box_width"],
) -> float:
    x, y, width, height = box
    on_border = np.zeros(part.shape, bool)
    on_border[0] |= y == 0
    on_border[-1] |= y + height == mask.shape[0]
    on_border[:, 0] |= x == 0
    on_border[:, -1] |= x + width == mask.shape[1]
    # Eroding by a cross, with everything outside the box counted as background, leaves the inside.
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inside = cv2.erode(part, cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    outline = (part > 0) & (inside == 0)
    return float((outline & on_border).sum() / outline.sum())


def _hull_area(part: UInt8[np.ndarray, "box_height box_width"]) -> int:
    points = cv2.findNonZero(part)
    filled = cv2.fillConvexPoly(np.zeros_like(part), cv2.convexHull(points), 1)
    return int((filled | part).sum())


def _largest_part(part: UInt8[np.ndarray, "box_height box_width"]) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max())
