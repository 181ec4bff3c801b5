"""From light to an 8-bit picture: reduction, bloom, tone curve, grain."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from models.miniature.camera import CANVAS_HEIGHT, CANVAS_WIDTH, SUPERSAMPLING
from models.miniature.light import Air
from models.miniature.streams import stream
from models.miniature.world import HEIGHT, WIDTH

_CONTRAST = 0.3  # share of a smooth step in the tone curve


def reduce(
    image: Float32[np.ndarray, "3 canvas_height canvas_width"],
) -> Float32[np.ndarray, "height width 3"]:
    """The planes of the canvas as pixels of the final size; each is the mean of its four."""
    n = SUPERSAMPLING
    total = sum(image[:, y::n, x::n] for y in range(n) for x in range(n))
    return np.ascontiguousarray(np.moveaxis(np.asarray(total), 0, -1)) * np.float32(1 / n**2)


def enlarge(
    planes: Float32[np.ndarray, "3 height width"],
) -> Float32[np.ndarray, "3 canvas_height canvas_width"]:
    """Planes of the final size at that of the canvas, each pixel four times: for what is smooth."""
    size = (CANVAS_WIDTH, CANVAS_HEIGHT)
    wide = np.empty((3, CANVAS_HEIGHT, CANVAS_WIDTH), dtype=np.float32)
    for plane, enlarged in zip(planes, wide, strict=True):
        cv2.resize(plane, size, dst=enlarged, interpolation=cv2.INTER_NEAREST)
    return wide


def develop(
    image: Float32[np.ndarray, "height width 3"], air: Air, seed: int
) -> UInt8[np.ndarray, "height width 3"]:
    """The picture of linear light: lamps bloom, highlights roll off, the sensor adds its grain."""
    if air.glow:
        image = image + _bloom(image, air)
    exposed = np.maximum(image, 0) * np.float32(air.exposure)
    rolled = 1 - np.exp(-exposed * np.float32(1.45))
    toned = np.power(rolled, np.float32(1 / 2.1))
    toned += np.float32(_CONTRAST) * (toned * toned * (3 - 2 * toned) - toned)
    rng = stream(seed, "grain")
    grain = rng.standard_normal((HEIGHT, WIDTH), dtype=np.float32)
    level = np.float32(0.011 if air.is_night else 0.006) * grain
    toned += cv2.cvtColor(level, cv2.COLOR_GRAY2RGB)  # quicker than to broadcast along a short axis
    return np.asarray(np.rint(np.clip(toned, 0, 1) * 255), dtype=np.uint8)


def _bloom(image: np.ndarray, air: Air) -> np.ndarray:
    """Halos around what outshines the picture, wider in murky air."""
    bright = np.minimum(np.maximum(image - 1.0, 0), 4.0)
    murk = 1.8 if air.sight_m < 150 else 1.0
    narrow = cv2.GaussianBlur(bright, (0, 0), 1.6 * murk)
    small = cv2.resize(bright, (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 2.2 * murk)
    wide = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray((narrow * 0.55 + wide * 0.9) * np.float32(air.glow))
