"""Night: dark and blue, with the lights that were already lit, and grain."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32

from models.training_data.weather.part import Part, Picture, as_bytes, thrice, toward

_GRAIN_SIDE = 64


@dataclass(frozen=True, eq=False)
class Night:
    """One night.

    Attributes:
        curves: new value of each old one, by channel.
        grain: noise of a square that repeats, in values.
    """

    curves: Float32[np.ndarray, "3 256"]
    grain: Float32[np.ndarray, "side side"]

    def changed(self, picture: Picture, part: Part) -> Picture:
        """The part at night."""
        dark = np.asarray(cv2.LUT(picture, self.curves.T[None]))
        lit = toward(dark, picture.astype(np.float32), _lights(picture))
        rows, columns = (
            np.arange(side)[seen] % _GRAIN_SIDE
            for side, seen in zip(part.frame, (part.rows, part.columns), strict=True)
        )
        lit += thrice(self.grain[np.ix_(rows, columns)]).reshape(lit.shape)
        return as_bytes(lit)


def _lights(picture: Picture) -> Float32[np.ndarray, "height width"]:
    """How much of a lamp each pixel is, in [0, 1]: bright, of a strong color, and not blue.

    White lamps look like the sky of the day and go out with it.
    """
    red, green, blue = (picture[..., channel].astype(np.float32) for channel in range(3))
    warm = np.maximum(red, green)
    is_bright = np.clip((warm - 190) / 50, 0, 1)
    color = warm - np.minimum(np.minimum(red, green), blue)
    is_colored = np.clip((color - 90) / 60, 0, 1) * (warm > blue)
    share: np.ndarray = is_bright * is_colored
    return share


def draw_night(strength: float, draws: np.random.Generator) -> Night:
    """A night between dusk and a street without lamps."""
    gamma, gain = 1.1 + 0.6 * strength, 0.65 - 0.25 * strength
    tint = np.array([0.78, 0.88, 1.1]) ** (0.6 + 0.6 * draws.random())
    values = np.linspace(0, 1, 256) ** gamma * gain * 255
    curves = np.minimum(values * tint[:, None], 255).astype(np.float32)
    grain = draws.normal(0, 2 + 3 * strength, (_GRAIN_SIDE, _GRAIN_SIDE)).astype(np.float32)
    return Night(curves, grain)
