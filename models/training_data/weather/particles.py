"""What falls between the camera and the street: streaks and flakes, drawn as short lines."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Int32, UInt8

_SUBPIXEL_BITS = 4


@dataclass(frozen=True, kw_only=True)
class Fall:
    """Particles at one distance; all lengths are shares of the frame's height.

    Attributes:
        n_a_square: particles in a square as high as the frame.
        length: of the line that a particle leaves.
        width: of that line.
        slope: sideways way for each way down.
        brightness: 0 to 255 in the middle of a line.
    """

    n_a_square: float
    length: float
    width: float
    slope: float
    brightness: int


def fallen(
    frame: tuple[int, int], falls: tuple[Fall, ...], draws: np.random.Generator
) -> UInt8[np.ndarray, "height width"]:
    """How much of each pixel of the frame is covered by particles, 0 to 255."""
    canvas = np.zeros(frame, np.uint8)
    for fall in falls:
        width_px = max(1, round(fall.width * frame[0]))
        # A line cannot be thinner than a pixel; it is fainter in its place.
        brightness = fall.brightness * min(1.0, fall.width * frame[0] + 0.1)
        cv2.polylines(
            canvas,
            list(_lines(frame, fall, draws)),
            isClosed=False,
            color=(round(brightness),),
            thickness=width_px,
            lineType=cv2.LINE_AA,
            shift=_SUBPIXEL_BITS,
        )
    return canvas


def _lines(
    frame: tuple[int, int], fall: Fall, draws: np.random.Generator
) -> Int32[np.ndarray, "lines 2 2"]:
    """Both ends (x, y) of each line, in parts of a pixel; some begin above the frame."""
    height, width = frame
    n_lines = round(fall.n_a_square * width / height)
    starts = draws.uniform((0, -fall.length * height), (width, height), (n_lines, 2))
    lengths = draws.uniform(0.6, 1.4, (n_lines, 1)) * fall.length * height
    ends = starts + lengths * (fall.slope, 1.0)
    both = np.stack([starts, ends], axis=1) * 2**_SUBPIXEL_BITS
    lines: np.ndarray = np.rint(both).astype(np.int32)
    return lines
