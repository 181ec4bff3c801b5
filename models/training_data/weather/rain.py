"""Rain: darker, softer, a thin veil, and streaks before all of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from models.training_data.weather.fog import veil_of
from models.training_data.weather.part import Part, Picture, as_bytes, toward
from models.training_data.weather.particles import Fall, fallen

_VEIL_COLOR = np.array([128, 134, 142], np.float32)
_STREAK_COLOR = np.array([205, 210, 216], np.float32)


@dataclass(frozen=True, eq=False)
class Rain:
    """One rain over a frame.

    Attributes:
        frame: (height, width).
        horizon: row, as a share of the height.
        strength: from drizzle at 0 to a downpour at 1.
        falls: streaks near and far.
        seed: of their places.
    """

    frame: tuple[int, int]
    horizon: float
    strength: float
    falls: tuple[Fall, ...]
    seed: int

    @cached_property
    def streaks(self) -> UInt8[np.ndarray, "height width"]:
        """Of the whole frame."""
        return fallen(self.frame, self.falls, np.random.default_rng(self.seed))

    def changed(self, picture: Picture, part: Part) -> Picture:
        """The part in the rain."""
        dark = picture.astype(np.float32) * np.float32(1 - 0.4 * self.strength)
        veil = veil_of(part.heights, self.horizon, 0.004 + 0.014 * self.strength)
        gray = toward(dark, _VEIL_COLOR, np.broadcast_to(veil[:, None], dark.shape[:2]).astype("f"))
        covered = part.of(self.streaks).astype(np.float32) / 255
        return as_bytes(toward(gray, _STREAK_COLOR, covered))


def draw_rain(
    frame: tuple[int, int], strength: float, horizon: float, draws: np.random.Generator
) -> Rain:
    """Streaks that all lean the same way, long near ones and short far ones."""
    slope = draws.uniform(-0.3, 0.3)
    near, far = 150 + 40 * strength, 110 + 40 * strength
    falls = (
        Fall(
            n_a_square=60 + 140 * strength,
            length=0.05,
            width=0.002,
            slope=slope,
            brightness=round(far),
        ),
        Fall(
            n_a_square=20 + 50 * strength,
            length=0.12,
            width=0.004,
            slope=slope,
            brightness=round(near),
        ),
    )
    return Rain(frame, horizon, strength, falls, int(draws.integers(2**63)))
