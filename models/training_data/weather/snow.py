"""Snow: a white ground, a pale picture, and flakes before all of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, UInt8

from models.training_data.weather.fog import veil_of
from models.training_data.weather.part import Part, Picture, as_bytes, thrice, toward
from models.training_data.weather.particles import Fall, fallen

_SNOW_COLOR = np.array([236, 240, 246], np.float32)
_AIR_COLOR = np.array([205, 209, 215], np.float32)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # weights of ITU-R BT.601
_PATCHES = (16, 32)


@dataclass(frozen=True, eq=False)
class Snow:
    """One snowfall over a frame.

    Attributes:
        frame: (height, width).
        horizon: row, as a share of the height.
        strength: from a dusting at 0 to a covered street at 1.
        falls: flakes near and far.
        seed: of their places.
        patches: how much snow lies where, coarse; most is melted below 0.
    """

    frame: tuple[int, int]
    horizon: float
    strength: float
    falls: tuple[Fall, ...]
    seed: int
    patches: Float32[np.ndarray, "rows columns"]

    @cached_property
    def flakes(self) -> UInt8[np.ndarray, "height width"]:
        """Of the whole frame."""
        return fallen(self.frame, self.falls, np.random.default_rng(self.seed))

    def changed(self, picture: Picture, part: Part) -> Picture:
        """The part in the snow."""
        values = picture.astype(np.float32)
        gray = (values[..., 0] * _LUMA[0] + values[..., 1] * _LUMA[1]) + values[..., 2] * _LUMA[2]
        no_color = thrice(gray).reshape(values.shape)
        pale = toward(no_color, values, np.full(gray.shape, 1 - 0.5 * self.strength, "f"))
        # Shadows and edges stay visible in the snow: it is as bright as what it lies on allows.
        light = thrice(0.55 + 0.45 * np.minimum(gray / 140, 1))
        lit = light * np.tile(_SNOW_COLOR, gray.shape[1])
        white = toward(pale, lit.reshape(values.shape), self._cover(part))
        veil = veil_of(part.heights, self.horizon, 0.004 + 0.01 * self.strength)
        air = toward(white, _AIR_COLOR, np.broadcast_to(veil[:, None], gray.shape).astype("f"))
        covered = part.of(self.flakes).astype(np.float32) / 255
        return as_bytes(toward(air, _SNOW_COLOR, covered))

    def _cover(self, part: Part) -> Float32[np.ndarray, "h w"]:
        """Share of each pixel that lies under snow: below the horizon, more toward the camera."""
        down = np.clip((part.heights - self.horizon) / 0.15, 0, 1).astype(np.float32)[:, None]
        lying = np.clip(part.spread(self.patches), 0, 1)
        cover: np.ndarray = np.float32(0.35 + 0.5 * self.strength) * down * lying
        return cover


def draw_snow(
    frame: tuple[int, int], strength: float, horizon: float, draws: np.random.Generator
) -> Snow:
    """Flakes that all drift the same way, large near ones and small far ones."""
    slope = draws.uniform(-0.8, 0.8)
    falls = (
        Fall(
            n_a_square=150 + 250 * strength,
            length=0.004,
            width=0.005,
            slope=slope,
            brightness=150,
        ),
        Fall(n_a_square=15 + 30 * strength, length=0.01, width=0.013, slope=slope, brightness=190),
    )
    patches = draws.uniform(0.55, 1.15, _PATCHES).astype(np.float32)
    return Snow(frame, horizon, strength, falls, int(draws.integers(2**63)), patches)
