"""The sky: a gradient, clouds that drift with the seed, stars and the glow of the city."""

from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float32

from models.miniature.camera import Camera
from models.miniature.light import Air
from models.miniature.mesh import Color
from models.miniature.noise import smooth_noise
from models.miniature.streams import stream
from models.miniature.world import HEIGHT, WIDTH

_GAMMA = 2.2


def paint_sky(
    air: Air, colors: tuple[Color, Color], camera: Camera, seed: int
) -> Float32[np.ndarray, "3 height width"]:
    """Linear light of a picture that is all sky; colors are those of zenith and horizon."""
    rng = stream(seed, "sky")
    rows = np.arange(HEIGHT)
    height = np.clip((camera.horizon_y - rows) / 64.0, 0.0, 1.0)[:, None]
    zenith, horizon = (np.array(color) ** _GAMMA for color in colors)
    if air.is_night:
        zenith = np.array(air.haze) * 0.6
        horizon = np.array(air.haze) * 1.5 + (0.030, 0.022, 0.016)
    elif air.clouds > 0.5:
        zenith = np.array(air.haze) * (0.86, 0.88, 0.92)
        horizon = np.array(air.haze) * 1.12
    sky = _plane(horizon) + _plane(zenith - horizon) * height**0.7
    cover = _clouds(rng, air)
    white = np.array(air.haze) * (1.5 if air.is_night else 1.1) + (0.0 if air.is_night else 0.12)
    sky = sky * (1 - cover) + _plane(white) * cover
    if air.is_night and air.clouds < 0.5:
        sky = sky + _stars(rng)
    return np.asarray(sky, dtype=np.float32)


def _plane(color: np.ndarray) -> np.ndarray:
    """A color in the shape of planes of one pixel."""
    return color[:, None, None]


def _clouds(rng: np.random.Generator, air: Air) -> np.ndarray:
    """Cover per pixel in [0, 1]: heaps under a clear sky, a mottled sheet under a gray one."""
    shift = rng.integers(0, 256, 2)
    amount = float(rng.uniform(0.0, 0.9))
    field = np.roll(_cloud_field(), tuple(int(s) for s in shift), axis=(0, 1))[:HEIGHT, :WIDTH]
    if air.clouds > 0.5:
        return np.clip(0.35 + 0.22 * field, 0.0, 0.8)
    return np.clip((field - 1.1 + amount) * 0.9, 0.0, 0.85)


@lru_cache(maxsize=1)
def _cloud_field() -> np.ndarray:
    rng = stream(0, "clouds")
    octaves = ((1.0, 40.0), (0.5, 16.0), (0.25, 6.0))
    field = sum(weight * smooth_noise(rng, 256, grain) for weight, grain in octaves)
    stretched = cv2.resize(np.asarray(field), (512, 256), interpolation=cv2.INTER_LINEAR)
    return np.asarray(stretched)


def _stars(rng: np.random.Generator) -> np.ndarray:
    stars = np.zeros((HEIGHT, WIDTH))
    rows, columns = rng.integers(0, 60, 26), rng.integers(0, WIDTH, 26)
    stars[rows, columns] = rng.uniform(0.05, 0.35, 26)
    return stars
