"""Fog: a veil that grows with the way to the horizon."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from models.training_data.weather.part import Part, Picture, as_bytes, toward

_GROUND_M = 3.3
"""Way to the ground, times the share of the frame's height that it lies below the horizon.

A camera 1.5 m above the road, whose focal length is 2.2 times its picture's height, as that of
Cityscapes is.
"""

_HAZE_BAND = 0.08
"""Added to that share, so that the veil has no edge at the horizon; the way there is 41 m."""

_PATCHES = (4, 7)


@dataclass(frozen=True, eq=False)
class Fog:
    """One fog: ``color * (1 - exp(-density * way))`` takes the place of what lies behind it.

    Attributes:
        horizon: row, as a share of the frame's height.
        density: a meter (Koschmieder's law); 0.03 leaves a twentieth of the contrast at 100 m.
        color: of the veil, 0 to 255.
        patches: factor of the density over the frame, coarse.
    """

    horizon: float
    density: float
    color: Float32[np.ndarray, "3"]
    patches: Float32[np.ndarray, "rows columns"]

    def changed(self, picture: Picture, part: Part) -> Picture:
        """The part behind the fog."""
        veil = veil_of(part.heights, self.horizon, self.density).astype(np.float32)
        share = np.minimum(veil[:, None] * part.spread(self.patches), 1)
        return as_bytes(toward(picture.astype(np.float32), self.color, share))


def draw_fog(strength: float, horizon: float, draws: np.random.Generator) -> Fog:
    """A fog of a visibility (a twentieth of the contrast) of 50 to 150 m."""
    gray = draws.uniform(170, 225)
    return Fog(
        horizon=horizon,
        density=0.02 + 0.05 * strength,
        color=np.array([gray - 3, gray, gray + 4], np.float32),
        patches=draws.uniform(0.82, 1.08, _PATCHES).astype(np.float32),
    )


def veil_of(heights: np.ndarray, horizon: float, density: float) -> np.ndarray:
    """Share of the light that the air between adds, by row: most at the horizon.

    Below it the way is that to a level road. Above it stand facades, nearer the higher they show,
    and the sky: the way shrinks four times slower.
    """
    away = np.where(heights > horizon, heights - horizon, (horizon - heights) / 4)
    way = _GROUND_M / (away + _HAZE_BAND)
    veil: np.ndarray = 1 - np.exp(-density * way)
    return veil
