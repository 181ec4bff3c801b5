"""Edges of a photograph, as the second ControlNet takes them: Canny's, which need no weights.

The import reads the whole of controlnet-aux, every annotator of it, and takes seconds.
"""

import warnings

import numpy as np
from jaxtyping import UInt8

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from controlnet_aux.canny import CannyDetector

_MULTIPLE = 64


def edges_of(
    image: UInt8[np.ndarray, "height width 3"], *, low: int = 100, high: int = 200
) -> UInt8[np.ndarray, "height width"]:
    """255 on an edge, 0 elsewhere, at the size of the image.

    controlnet-aux resizes images whose sides are no multiples of 64. Such ones are continued to the
    right and downwards instead, and cut off again; only edges at those two borders can differ.

    Args:
        image: RGB.
        low: gradient from which a pixel continues an edge.
        high: gradient from which a pixel begins one.

    Raises:
        ValueError: if the image has no pixel, or not 0 <= low <= high.
    """
    height, width = image.shape[:2]
    if min(height, width) < 1:
        raise ValueError(f"need an image of 1 pixel or more, got {height}x{width}")
    if not 0 <= low <= high:
        raise ValueError(f"need 0 <= low <= high, got low {low} and high {high}")
    missing = ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE), (0, 0))
    padded = np.pad(image, missing, mode="edge")
    shorter = min(padded.shape[:2])
    edges: np.ndarray = CannyDetector()(
        padded,
        low_threshold=low,
        high_threshold=high,
        detect_resolution=shorter,
        image_resolution=shorter,
    )
    return np.ascontiguousarray(edges[:height, :width, 0])
