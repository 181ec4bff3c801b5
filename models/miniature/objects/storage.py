"""Things to put things into: boxes, cupboards, bags. Builders as in `seating`."""

import itertools
import math

import numpy as np

from models.miniature.mesh import Skin
from models.miniature.objects.seating import legs
from models.miniature.sculptor import Sculptor

BODY, DOOR, KNOB = Skin("body"), Skin("door"), Skin("knob")


def box(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A carton, closed with tape or open with flaps."""
    half_x, half_z = float(rng.uniform(0.3, 0.5)), float(rng.uniform(0.25, 0.4))
    height = float(rng.uniform(0.4, 0.75))
    sculptor.piece("body")
    sides = sculptor.box((-half_x, 0, -half_z), (half_x, height, half_z), BODY)
    tape = Skin("tape")
    if rng.random() < 0.5:
        sculptor.panel(sides["top"], (0.0, 0.42, 1.0, 0.58), tape)
        sculptor.panel(sides["front"], (0.42, 0.7, 0.58, 1.0), tape)
    else:
        sculptor.panel(sides["top"], (0.05, 0.05, 0.95, 0.95), Skin("inside"))
        for side in (-1, 1):
            sculptor.piece("flap")
            x, out = side * half_x, side * (half_x + 0.22)
            flap = [
                (x, height, -half_z),
                (out, height + 0.1, -half_z),
                (out, height + 0.1, half_z),
                (x, height, half_z),
            ]
            sculptor.card(flap, Skin("flap"), normal=(-side * 0.3, 0.95, 0.0))
    sculptor.piece("label")
    sculptor.panel(sides["front"], (0.12, 0.15, 0.42, 0.45), Skin("label"))


def chest_of_drawers(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A chest with two columns or one of drawers, on short legs."""
    half, height = float(rng.uniform(0.42, 0.65)), float(rng.uniform(0.75, 1.05))
    legs(sculptor, half * 0.88, 0.2, 0.16, 0.045)
    sculptor.piece("body")
    sides = sculptor.box((-half, 0.14, -0.28), (half, height, 0.28), Skin("body", texture="wood"))
    n_rows, n_columns = int(rng.integers(3, 5)), int(rng.integers(1, 3))
    sculptor.piece("drawer")
    for row in range(n_rows):
        for column in range(n_columns):
            left, low = 0.04 + 0.94 * column / n_columns, 0.04 + 0.93 * row / n_rows
            window = (left, low, left + 0.94 / n_columns - 0.03, low + 0.93 / n_rows - 0.04)
            drawer = sculptor.panel(sides["front"], window, Skin("drawer", texture="wood"))
            sculptor.spot(drawer, (0.5, 0.5), 0.035, KNOB)
    sculptor.piece("top")
    sculptor.box((-half - 0.04, height, -0.32), (half + 0.04, height + 0.05, 0.3), Skin("top"))


def wardrobe(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A tall cupboard with two doors and a cornice."""
    half, height = float(rng.uniform(0.48, 0.7)), float(rng.uniform(1.6, 2.1))
    legs(sculptor, half * 0.9, 0.24, 0.12, 0.05)
    sculptor.piece("body")
    sides = sculptor.box((-half, 0.1, -0.3), (half, height, 0.3), Skin("body", texture="wood"))
    for left, knob in ((0.04, 0.88), (0.52, 0.12)):
        sculptor.piece("door")
        door = sculptor.panel(
            sides["front"], (left, 0.04, left + 0.44, 0.96), Skin("door", texture="wood")
        )
        sculptor.panel(door, (0.15, 0.55, 0.85, 0.93), Skin("panel"))
        sculptor.panel(door, (0.15, 0.07, 0.85, 0.48), Skin("panel"))
        sculptor.spot(door, (knob, 0.52), 0.04, KNOB)
    sculptor.piece("top")
    sculptor.box((-half - 0.06, height, -0.37), (half + 0.06, height + 0.1, 0.32), Skin("top"))


def bookcase(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """Shelves full of books."""
    half, height = float(rng.uniform(0.42, 0.6)), float(rng.uniform(1.3, 1.9))
    sculptor.piece("body")
    sides = sculptor.box((-half, 0.0, -0.18), (half, height, 0.18), Skin("body", texture="wood"))
    n_shelves = int(rng.integers(3, 6))
    for k in range(n_shelves):
        low = 0.04 + 0.94 * k / n_shelves
        window = (0.06, low, 0.94, low + 0.94 / n_shelves - 0.03)
        sculptor.piece("shelf")
        shelf = sculptor.panel(sides["front"], window, Skin("inside"))
        s = 0.02
        sculptor.piece("book")
        while s < 0.85:
            width = float(rng.uniform(0.06, 0.14))
            paint = f"book {int(rng.integers(4))}"
            book = (s, 0.0, min(s + width, 0.98), float(rng.uniform(0.6, 0.92)))
            sculptor.panel(shelf, book, Skin(paint))
            s += width * 1.1 if rng.random() < 0.85 else width * 2


def barrel(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A bellied cask or a straight drum, with hoops."""
    radius, height = float(rng.uniform(0.34, 0.42)), float(rng.uniform(0.85, 1.1))
    belly = float(rng.choice([1.0, 1.18]))
    sculptor.piece("body")
    heights = (0.0, 0.08, 0.25, 0.32, 0.68, 0.75, 0.92, 1.0)
    for k, (low, high) in enumerate(itertools.pairwise(heights)):
        ends = [
            (radius * (1 + (belly - 1) * math.sin(math.pi * t)), t * height) for t in (low, high)
        ]
        is_hoop = k in (0, 2, 4, 6)
        skin = Skin("hoop") if is_hoop else Skin("body", texture="wood")
        sculptor.lathe(ends, skin, n_sides=12)
    sculptor.lathe(
        [(radius * 0.86, height * 0.99), (radius * 0.86, height * 1.003)], Skin("lid"), n_sides=12
    )


def basket(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A wicker basket with a high handle."""
    radius, height = float(rng.uniform(0.3, 0.38)), float(rng.uniform(0.36, 0.5))
    wicker = Skin("body", texture="wicker")
    sculptor.piece("body")
    sculptor.lathe(
        [(radius * 0.72, 0), (radius * 0.9, height * 0.5), (radius, height)], wicker, n_sides=12
    )
    sculptor.lathe(
        [(radius * 1.08, height), (radius * 1.08, height + 0.06)],
        Skin("rim", texture="wicker"),
        n_sides=12,
    )
    inner = [(radius * 0.9, height + 0.05), (radius * 0.9, height + 0.062)]
    sculptor.lathe(inner, Skin("inside"), n_sides=12)
    rise = float(rng.uniform(0.35, 0.5))
    arch = [
        (radius * math.cos(math.pi * k / 8), height + rise * math.sin(math.pi * k / 8))
        for k in range(9)
    ]
    sculptor.piece("handle")
    for (x0, y0), (x1, y1) in itertools.pairwise(arch):
        sculptor.tube((x0, y0, 0), (x1, y1, 0), 0.035, Skin("handle"))


def bag(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A travel bag, shopping bag or backpack with its handle up."""
    half, depth = float(rng.uniform(0.28, 0.42)), float(rng.uniform(0.13, 0.2))
    height = float(rng.uniform(0.42, 0.65))
    sculptor.piece("body")
    low, high = (-half, half, -depth, depth), (-half * 0.82, half * 0.82, -depth * 0.6, depth * 0.6)
    sides = sculptor.frustum(low, 0.0, high, height, Skin("body", texture="fabric"))
    sculptor.panel(sides["front"], (0.0, 0.82, 1.0, 0.9), Skin("zip"))
    sculptor.piece("pocket")
    sculptor.panel(sides["front"], (0.18, 0.1, 0.82, 0.6), Skin("pocket", texture="fabric"))
    rise = float(rng.uniform(0.18, 0.32))
    arch = [
        (half * 0.45 * math.cos(math.pi * k / 6), height + rise * math.sin(math.pi * k / 6))
        for k in range(7)
    ]
    sculptor.piece("handle")
    for (x0, y0), (x1, y1) in itertools.pairwise(arch):
        sculptor.tube((x0, y0, 0), (x1, y1, 0), 0.032, Skin("handle"))
