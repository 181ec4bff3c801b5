"""What lies around pasted objects: the part of a picture that objects may change."""

import cv2
import numpy as np
from jaxtyping import Bool

from models.scenes.placement import REFERENCE_HEIGHT_PX


def surroundings(
    masks: Bool[np.ndarray, "objects height width"], *, margin_px: float
) -> Bool[np.ndarray, "height width"]:
    """Pixels of the objects, and those no farther from one than the margin; none without objects.

    Args:
        masks: of the objects.
        margin_px: distance of pixel centers at a height of 1024, 0 or more; scales with others.
    """
    free = ~masks.any(axis=0)
    if free.all():
        return np.zeros(free.shape, bool)
    distance = cv2.distanceTransform(np.asarray(free, np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance <= margin_px * free.shape[0] / REFERENCE_HEIGHT_PX)
