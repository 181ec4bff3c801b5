"""Pots, vases and fountains. Builders as in `seating`."""

import itertools

import numpy as np

from models.miniature.mesh import Skin
from models.miniature.sculptor import Sculptor

BODY = Skin("body")


def pot(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A round-bellied pot with two ears and a lid, or a plant in it."""
    radius, height = float(rng.uniform(0.32, 0.42)), float(rng.uniform(0.42, 0.6))
    sculptor.piece("body")
    profile = [
        (radius * 0.7, 0),
        (radius, height * 0.4),
        (radius * 0.95, height * 0.8),
        (radius, height),
    ]
    sculptor.lathe(profile, BODY, n_sides=12)
    sculptor.piece("handle")
    for side in (-1, 1):
        x = side * radius
        sculptor.tube(
            (x, height * 0.82, 0), (x + side * 0.14, height * 0.82, 0), 0.05, Skin("handle")
        )
    if rng.random() < 0.5:
        sculptor.piece("lid")
        lid = [(radius * 1.02, height), (radius * 0.6, height + 0.1), (0.08, height + 0.14)]
        sculptor.lathe(lid, Skin("lid"), n_sides=12)
        sculptor.lathe([(0.06, height + 0.12), (0.07, height + 0.22)], Skin("handle"), n_sides=6)
        return
    sculptor.piece("plant")
    for k in range(7):
        lean = (k - 3) * 0.13
        tip = (lean * 1.4, height + float(rng.uniform(0.35, 0.6)), float(rng.uniform(-0.1, 0.1)))
        left, right = (lean * 0.5 - 0.07, height, 0.0), (lean * 0.5 + 0.07, height, 0.0)
        sculptor.card([left, right, tip], Skin("plant"), normal=(lean, 0.5, -0.8))


def vase(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A tall vase with a narrow neck and a painted band."""
    radius, height = float(rng.uniform(0.24, 0.34)), float(rng.uniform(0.85, 1.2))
    neck = float(rng.uniform(0.35, 0.55))
    sculptor.piece("body")
    sculptor.lathe([(radius * 0.55, 0), (radius * 0.95, height * 0.3)], BODY, n_sides=12)
    sculptor.lathe(
        [(radius * 0.95, height * 0.3), (radius, height * 0.5)], Skin("band"), n_sides=12
    )
    sculptor.lathe([(radius, height * 0.5), (radius * neck, height * 0.75)], BODY, n_sides=12)
    sculptor.piece("neck")
    sculptor.lathe(
        [(radius * neck, height * 0.75), (radius * neck, height * 0.9), (radius * 0.8, height)],
        Skin("neck"),
        n_sides=12,
    )
    if rng.random() < 0.5:
        for k in range(5):
            x = (k - 2) * 0.13
            sculptor.piece("flower")
            sculptor.tube((0, height * 0.95, 0), (x, height + 0.28, 0), 0.018, Skin("stem"))
            sculptor.lathe(
                [(0.03, height + 0.22), (0.09, height + 0.3), (0.03, height + 0.38)],
                Skin("flower"),
                center=(x, 0.0),
                n_sides=6,
            )


def fountain(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A fountain of two basins with water that rises and falls."""
    radius, height = float(rng.uniform(0.7, 0.95)), float(rng.uniform(0.9, 1.25))
    sculptor.piece("basin")
    sculptor.lathe([(radius * 0.9, 0), (radius, 0.32)], Skin("basin", texture="stone"), n_sides=12)
    sculptor.lathe([(radius * 0.88, 0.325), (radius * 0.88, 0.33)], Skin("water"), n_sides=12)
    sculptor.piece("pillar")
    sculptor.lathe(
        [(0.16, 0.3), (0.10, height * 0.5), (0.13, height * 0.72)], Skin("pillar"), n_sides=8
    )
    sculptor.piece("bowl")
    bowl = [(0.13, height * 0.7), (radius * 0.48, height * 0.85)]
    sculptor.lathe(bowl, Skin("basin"), n_sides=12)
    sculptor.lathe(
        [(radius * 0.42, height * 0.855), (radius * 0.42, height * 0.86)], Skin("water"), n_sides=12
    )
    for k in range(6):
        x = (k - 2.5) * 0.1
        arc = [
            (x * t, height * (0.86 + 1.1 * t * (1.15 - t)), 0.0)
            for t in (0.0, 0.35, 0.7, 1.0, 1.25)
        ]
        sculptor.piece("jet")
        for start, end in itertools.pairwise(arc):
            sculptor.tube(start, end, 0.022, Skin("water"))
