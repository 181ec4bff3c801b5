"""Tileable textures in one atlas with mip levels, made once from noise and simple patterns.

A texel has four channels: tone (128 leaves the paint as it is), trim (share of the trim color),
glass (share of window glass) and lamp (how brightly the window is lit at night).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, Int32, UInt8

from models.miniature.facade_textures import FACADE_PERIODS_M, FACADES
from models.miniature.noise import smooth_noise
from models.miniature.streams import stream

SIZE = 128
N_LEVELS = 6
Texture = Float64[np.ndarray, "size size channels"]


def _toned(tone: np.ndarray, trim: np.ndarray | None = None) -> np.ndarray:
    texture = np.zeros((SIZE, SIZE, 4))
    texture[..., 0] = np.clip(tone, 0, 1.99)
    if trim is not None:
        texture[..., 1] = trim
    return texture


def _plain(_: np.random.Generator) -> np.ndarray:
    return _toned(np.ones((SIZE, SIZE)))


def _grained(
    rng: np.random.Generator, *, fine: float, coarse: float, grain: float = 1.0
) -> np.ndarray:
    """Noise of two sizes around 1; `grain` is the size of the finer one in texels."""
    noise = fine * smooth_noise(rng, SIZE, grain) + coarse * smooth_noise(rng, SIZE, 14.0)
    return _toned(1 + noise)


def _tiled(
    rng: np.random.Generator, *, tile: tuple[int, int], offset: float, joint: float, spread: float
) -> np.ndarray:
    """Bricks or slabs of (height, width) texels, each of its own tone, between darker joints."""
    height, width = tile
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    row = rows // height
    column = ((columns + (row % 2) * int(offset * width)) // width) % (SIZE // width)
    tones = 1 + spread * rng.standard_normal((SIZE // height, SIZE // width))
    shifted = (columns + (row % 2) * int(offset * width)) % width
    is_joint = (rows % height == 0) | (shifted == 0)
    grain = 0.05 * smooth_noise(rng, SIZE, 1.0)
    return _toned(np.where(is_joint, joint, tones[row, column]) + grain)


def _striped(rng: np.random.Generator, *, width: int, depth: float, spread: float) -> np.ndarray:
    """Upright boards of `width` texels with a dark edge and grain that runs along them."""
    columns = np.arange(SIZE)
    tones = 1 + spread * rng.standard_normal(SIZE // width)
    tone = tones[columns // width] - depth * (columns % width == 0)
    grain = 0.05 * smooth_noise(rng, SIZE, 1.0) + 0.05 * smooth_noise(rng, SIZE, 4.0)
    return _toned(np.broadcast_to(tone, (SIZE, SIZE)) + grain)


def _corrugated(_: np.random.Generator) -> np.ndarray:
    wave = 1 + 0.16 * np.sin(np.arange(SIZE) * 2 * np.pi / 8)
    return _toned(np.broadcast_to(wave, (SIZE, SIZE)).copy())


def _bars(_: np.random.Generator) -> np.ndarray:
    """Railing: bars of paint with rails above and below; between them the trim shows."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    is_bar = (columns % 16 < 6) | (rows % 64 < 8) | (rows % 64 > 54)
    return _toned(np.where(is_bar, 1.0, 0.8), np.where(is_bar, 0.0, 1.0))


def _awning(_: np.random.Generator) -> np.ndarray:
    is_stripe = (np.arange(SIZE) // 16) % 2 == 0
    return _toned(np.ones((SIZE, SIZE)), np.broadcast_to(is_stripe, (SIZE, SIZE)).astype(float))


def _leaves(rng: np.random.Generator) -> np.ndarray:
    clumps = 0.30 * smooth_noise(rng, SIZE, 2.2) + 0.16 * smooth_noise(rng, SIZE, 6.0)
    return _toned(1 + clumps)


def _roof(rng: np.random.Generator) -> np.ndarray:
    rows = np.arange(SIZE)[:, None]
    ramp = 0.84 + 0.30 * (rows % 8) / 8
    return _toned(ramp + 0.06 * smooth_noise(rng, SIZE, 1.5))


_PAINTERS: dict[str, tuple[float, Callable[[np.random.Generator], np.ndarray]]] = {
    "plain": (1.0, _plain),
    "asphalt": (5.0, lambda rng: _grained(rng, fine=0.09, coarse=0.07)),
    "paving": (3.2, lambda rng: _tiled(rng, tile=(16, 16), offset=0.5, joint=0.8, spread=0.06)),
    "cobble": (2.4, lambda rng: _tiled(rng, tile=(8, 8), offset=0.5, joint=0.74, spread=0.10)),
    "grass": (4.0, lambda rng: _grained(rng, fine=0.16, coarse=0.10, grain=1.4)),
    "ballast": (2.5, lambda rng: _grained(rng, fine=0.30, coarse=0.05)),
    "brick": (2.0, lambda rng: _tiled(rng, tile=(8, 16), offset=0.5, joint=1.12, spread=0.09)),
    "stone": (3.2, lambda rng: _tiled(rng, tile=(16, 32), offset=0.5, joint=0.72, spread=0.11)),
    "plaster": (5.0, lambda rng: _grained(rng, fine=0.025, coarse=0.03)),
    "concrete": (4.0, lambda rng: _tiled(rng, tile=(64, 64), offset=0.0, joint=0.8, spread=0.04)),
    "planks": (2.4, lambda rng: _striped(rng, width=8, depth=0.3, spread=0.08)),
    "wood": (1.6, lambda rng: _striped(rng, width=32, depth=0.18, spread=0.06)),
    "corrugated": (2.4, _corrugated),
    "bars": (2.4, _bars),
    "awning": (3.0, _awning),
    "leaves": (3.2, _leaves),
    "roof": (3.0, _roof),
    "fabric": (1.0, lambda rng: _grained(rng, fine=0.06, coarse=0.05)),
    "wicker": (0.8, lambda rng: _tiled(rng, tile=(16, 16), offset=0.5, joint=0.55, spread=0.12)),
}

TEXTURE_NAMES = (*_PAINTERS, *FACADES)
TEXTURE_IDS = {name: k for k, name in enumerate(TEXTURE_NAMES)}


@dataclass(frozen=True, eq=False)
class Atlas:
    """All textures, texel by texel: level after level of texture after texture."""

    texels: UInt8[np.ndarray, "texels 4"]
    level_starts: Int32[np.ndarray, " levels"]
    n_texels: int
    texels_per_m: Float64[np.ndarray, "textures 2"]


@lru_cache(maxsize=1)
def atlas() -> Atlas:
    """The atlas, painted on first use."""
    strips, scales = [], []
    for name in TEXTURE_NAMES:
        rng = stream(0, f"texture {name}")
        if name in FACADES:
            texture, period = FACADES[name](rng), FACADE_PERIODS_M[name]
        else:
            side, painter = _PAINTERS[name]
            texture, period = painter(rng), (side, side)
        strips.append(_mip_strip(texture))
        scales.append((SIZE / period[0], SIZE / period[1]))
    areas = [(SIZE >> level) ** 2 for level in range(N_LEVELS)]
    starts = np.concatenate([[0], np.cumsum(areas)[:-1]]).astype(np.int32)
    return Atlas(np.concatenate(strips), starts, sum(areas), np.array(scales))


def _mip_strip(texture: np.ndarray) -> np.ndarray:
    """The texture at all levels, one row of texels after the other, as 8 bits."""
    levels = []
    for _ in range(N_LEVELS):
        levels.append(texture.reshape(-1, 4))
        half = len(texture) // 2
        texture = texture.reshape(half, 2, half, 2, 4).mean(axis=(1, 3))
    scaled = np.concatenate(levels) * (128, 255, 255, 255)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
