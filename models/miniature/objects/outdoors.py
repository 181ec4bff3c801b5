"""Things of gardens and beaches. Builders as in `seating`."""

import itertools
import math

import numpy as np

from models.miniature.mesh import Point, Skin
from models.miniature.sculptor import Sculptor


def tent(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A ridge tent or a dome with its door open."""
    half, depth = float(rng.uniform(0.85, 1.2)), float(rng.uniform(0.8, 1.1))
    height = float(rng.uniform(1.0, 1.35))
    cloth = Skin("body", texture="fabric")
    if rng.random() < 0.6:
        left, right = (-half, 0.0, -depth), (half, 0.0, -depth)
        top: Point = (0.0, height, -depth)
        back: Point = (0.0, height, depth)
        sculptor.piece("roof")
        sculptor.face([(-half, 0, depth), left, top, back], cloth)
        sculptor.face([right, (half, 0, depth), back, top], Skin("side", texture="fabric"))
        sculptor.piece("front")
        sculptor.face([left, right, top], Skin("front", texture="fabric"))
        sculptor.piece("door")
        door = [
            (-half * 0.4, 0.0, -depth - 0.02),
            (half * 0.4, 0.0, -depth - 0.02),
            (0.0, height * 0.78, -depth - 0.02),
        ]
        sculptor.card(door, Skin("door"))
        return
    n_sides = 8
    arcs = [(math.cos(t), math.sin(t)) for t in (0.0, 0.4, 0.8, 1.2, 1.5)]
    sculptor.piece("roof")
    profile = [(half * c, height * s) for c, s in arcs]
    sculptor.lathe(profile, cloth, n_sides=n_sides, phase=math.pi / 8)
    sculptor.piece("door")
    z = -half * 0.93
    door = [
        (-0.34, 0.02, z),
        (0.34, 0.02, z),
        (0.26, height * 0.4, z + 0.08),
        (0.0, height * 0.6, z + 0.2),
        (-0.26, height * 0.4, z + 0.08),
    ]
    sculptor.card(door, Skin("door"))


def boat(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A rowing boat on the ground, or a small sailing boat, along x."""
    half, beam = float(rng.uniform(1.1, 1.5)), float(rng.uniform(0.38, 0.5))
    height = float(rng.uniform(0.5, 0.65))
    sculptor.piece("hull")
    top = [
        (-half, 0.0),
        (-half * 0.8, -beam),
        (half * 0.45, -beam),
        (half, 0.0),
        (half * 0.45, beam),
        (-half * 0.8, beam),
    ]
    keel = [(x * 0.78, z * 0.35) for x, z in top]
    for k in range(6):
        n = (k + 1) % 6
        a, b = (keel[k][0], 0.03, keel[k][1]), (keel[n][0], 0.03, keel[n][1])
        rise = 1.25 if k in (2, 3) else 1.0
        c = (top[n][0], height * (1.25 if n in (3,) else 1.0), top[n][1])
        d = (top[k][0], height * (1.25 if k in (3,) else 1.0), top[k][1])
        skin = Skin("hull", texture="wood") if rise == 1.0 else Skin("bow", texture="wood")
        sculptor.face([a, b, c, d], skin)
    sculptor.piece("inside")
    inner = [
        (x * 0.9, height * (1.2 if k == 3 else 0.98), z * 0.82) for k, (x, z) in enumerate(top)
    ]
    sculptor.face(inner, Skin("inside"), normal=(0.0, 1.0, 0.0))
    if rng.random() < 0.5:
        sculptor.piece("sail")
        mast = height + float(rng.uniform(1.2, 1.6))
        sculptor.tube((0, height * 0.8, 0), (0, mast, 0), 0.04, Skin("mast"))
        sail = [(0.06, height + 0.15, 0.0), (half * 0.75, height + 0.2, 0.1), (0.06, mast, 0.0)]
        sculptor.card(sail, Skin("sail"))
        return
    for x in (-half * 0.35, half * 0.2):
        sculptor.piece("seat")
        sculptor.box(
            (x - 0.1, height * 0.9, -beam * 0.85),
            (x + 0.1, height + 0.04, beam * 0.85),
            Skin("seat"),
        )


def rock(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A boulder with flat facets."""
    radius, height = float(rng.uniform(0.5, 0.8)), float(rng.uniform(0.5, 0.95))
    n_sides = 8
    sculptor.piece()
    levels = ((1.0, 0.0), (1.08, 0.35), (0.72, 0.78), (0.2, 1.0))
    jitter = rng.uniform(0.8, 1.18, (len(levels), n_sides))
    rings = [
        [
            (
                radius * r * float(jitter[i, k]) * math.cos(2 * math.pi * k / n_sides),
                height * y * (1.0 if i in (0, 3) else float(jitter[i, k]) * 0.5 + 0.5),
                radius * 0.8 * r * float(jitter[i, k]) * math.sin(2 * math.pi * k / n_sides),
            )
            for k in range(n_sides)
        ]
        for i, (r, y) in enumerate(levels)
    ]
    stone = (Skin("body", texture="ballast"), Skin("body", texture="plaster"))
    for low, high in itertools.pairwise(rings):
        for k in range(n_sides):
            n = (k + 1) % n_sides
            sculptor.face([low[k], low[n], high[n], high[k]], stone[k % 3 == 0])
    sculptor.face(rings[-1], stone[0], normal=(0.0, 1.0, 0.0))
