"""Textures of facades: rows of windows in a wall of some material.

A tile holds four windows on each of four floors, every window with its own light at night and its
own curtains. Texture names are "material/windows", for example "brick/sash".
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.miniature.noise import smooth_noise

SIZE = 128
CELL = 32
FLOOR_M = 3.0


@dataclass(frozen=True)
class Windows:
    """A window in its cell of 32 x 32 texels, rows counted from the floor upward."""

    cell_m: float
    columns: tuple[int, int]
    rows: tuple[int, int]
    frame: int = 2
    n_panes: int = 2
    has_sill: bool = True
    shutter: int = 0
    has_balcony: bool = False


WINDOWS = {
    "sash": Windows(2.3, (9, 23), (8, 25), n_panes=2),
    "tall": Windows(2.1, (9, 23), (3, 27), n_panes=2, has_balcony=True),
    "shutters": Windows(2.6, (11, 21), (8, 25), n_panes=2, shutter=5),
    "ribbon": Windows(3.0, (0, 32), (9, 24), frame=1, n_panes=3, has_sill=False),
    "small": Windows(2.2, (11, 21), (10, 22), n_panes=1),
    "curtain": Windows(1.8, (1, 31), (2, 31), frame=1, n_panes=2, has_sill=False),
}
MATERIALS = ("plaster", "brick", "planks", "concrete", "metal")


def _wall_tone(rng: np.random.Generator, material: str) -> np.ndarray:
    """Tone of the bare wall, 1 on average."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    tone = 1 + 0.04 * smooth_noise(rng, SIZE, 12.0) + 0.02 * smooth_noise(rng, SIZE, 1.0)
    if material == "brick":
        tone += 0.07 * smooth_noise(rng, SIZE, 1.2) - 0.08 * (rows % 3 == 0)
    elif material == "planks":
        tone -= 0.14 * (rows % 4 == 0)
    elif material == "concrete":
        tone -= 0.16 * ((rows % CELL == 0) | (columns % CELL == 0))
    elif material == "metal":
        tone += 0.10 * np.sin(columns * np.pi / 2 + 0.8)
    return tone


def _facade(rng: np.random.Generator, material: str, windows: Windows) -> np.ndarray:
    texture = np.zeros((SIZE, SIZE, 4))
    texture[..., 0] = _wall_tone(rng, material)
    for row in range(0, SIZE, CELL):
        for column in range(0, SIZE, CELL):
            _paint_window(rng, texture[row : row + CELL, column : column + CELL], windows)
    return np.clip(texture, 0, 1.99)


def _paint_window(rng: np.random.Generator, cell: np.ndarray, windows: Windows) -> None:
    """Paint sill, shutters, frame and panes into a cell, in place."""
    (x0, x1), (y0, y1), edge = windows.columns, windows.rows, windows.frame
    if windows.shutter:
        cell[y0:y1, x0 - windows.shutter : x1 + windows.shutter] = (0.75, 1, 0, 0)
    cell[y0:y1, x0:x1] = (1.05, 1, 0, 0)
    shade = rng.uniform(0.55, 1.0)
    light = rng.choice([0.0, 0.0, 0.55, 0.8, 1.0])
    cell[y0 + edge : y1 - edge, x0 + edge : x1 - edge] = (shade, 0, 1, light)
    inner = x1 - x0 - 2 * edge
    for k in range(1, windows.n_panes):
        bar = x0 + edge + k * inner // windows.n_panes
        cell[y0 + edge : y1 - edge, bar : bar + 1] = (0.9, 1, 0.2, light * 0.3)
    if rng.random() < 0.4:  # a blind, half drawn
        drop = y1 - edge - int(rng.integers(3, max(4, (y1 - y0) // 2)))
        cell[drop : y1 - edge, x0 + edge : x1 - edge] = (1.1, 0.7, 0.3, light * 0.6)
    cell[y1 - edge - 1 : y1 - edge, x0 + edge : x1 - edge, 0] *= 0.6  # shadow of the lintel
    if windows.has_sill:
        cell[y0 - 2 : y0, max(x0 - 2, 0) : x1 + 2] = (1.15, 0.8, 0, 0)
        cell[y0 - 3 : y0 - 2, max(x0 - 2, 0) : x1 + 2, 0] *= 0.7
    if windows.has_balcony:
        cell[y0 - 1 : y0 + 9, x0 - 4 : x1 + 4 : 2] = (0.35, 0, 0, 0)
        cell[y0 + 8 : y0 + 9, x0 - 4 : x1 + 4] = (0.35, 0, 0, 0)


def _shop(rng: np.random.Generator) -> np.ndarray:
    """A ground floor 3.4 m high: a lintel band in trim, show windows, a door."""
    texture = np.zeros((SIZE, SIZE, 4))
    texture[..., 0] = 1 + 0.03 * smooth_noise(rng, SIZE, 3.0)
    texture[96:118] = (1.0, 1, 0, 0.12)
    for x0, x1, y0 in ((6, 50, 20), (84, 124, 20), (58, 76, 2)):
        texture[y0 - 2 : 92, x0 - 2 : x1 + 2] = (0.5, 0, 0, 0)
        texture[y0:90, x0:x1] = (rng.uniform(0.6, 0.9), 0, 1, 0.62)
        texture[y0 : y0 + 22, x0 + 3 : x1 - 3 : 7] = (0.7, 0.5, 0.3, 0.5)  # wares on display
    return texture


def _house_front(rng: np.random.Generator) -> np.ndarray:
    """A ground floor 3.4 m high with a plinth, two windows and a door."""
    texture = np.zeros((SIZE, SIZE, 4))
    texture[..., 0] = 1 + 0.03 * smooth_noise(rng, SIZE, 3.0)
    texture[:14, :, 0] *= 0.7
    for x0, light in ((8, 0.9), (92, 0.0)):
        texture[34:92, x0 : x0 + 28] = (1.05, 1, 0, 0)
        texture[38:88, x0 + 3 : x0 + 25] = (0.8, 0, 1, light)
    texture[4:84, 52:76] = (0.55, 0.9, 0, 0)
    texture[62:80, 57:71] = (0.7, 0, 1, 0.6)
    return texture


def _facade_painter(material: str, windows: Windows) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: _facade(rng, material, windows)


FACADES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    f"{material}/{name}": _facade_painter(material, windows)
    for material in MATERIALS
    for name, windows in WINDOWS.items()
} | {"shop": _shop, "house front": _house_front}

FACADE_PERIODS_M = {
    f"{material}/{name}": (4 * windows.cell_m, 4 * FLOOR_M)
    for material in MATERIALS
    for name, windows in WINDOWS.items()
} | {"shop": (5.2, 3.4), "house front": (5.0, 3.4)}
