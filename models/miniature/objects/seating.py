"""Things to sit on. Each builder adds one object in meters, its front to -z."""

import math

import numpy as np

from models.miniature.mesh import Skin
from models.miniature.sculptor import Sculptor

SEAT, BACK, LEG = Skin("seat"), Skin("back"), Skin("leg")
ARM, BASE = Skin("arm"), Skin("base")


def legs(
    sculptor: Sculptor,
    half_x: float,
    half_z: float,
    height: float,
    radius: float,
    *,
    splay: float = 0.0,
) -> None:
    """Four legs at the corners of a rectangle, spread outward by `splay` at the floor."""
    for sx in (-1, 1):
        for sz in (-1, 1):
            sculptor.piece("leg")
            foot = (sx * (half_x + splay), 0.0, sz * (half_z + splay))
            sculptor.tube(foot, (sx * half_x, height, sz * half_z), radius, LEG)


def chair(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A chair with a slatted or solid back."""
    half, height = float(rng.uniform(0.27, 0.33)), float(rng.uniform(0.48, 0.56))
    top = height + float(rng.uniform(0.5, 0.75))
    legs(sculptor, half - 0.05, half - 0.05, height, 0.045, splay=float(rng.uniform(0, 0.07)))
    sculptor.piece("seat")
    sculptor.box((-half, height, -half), (half, height + 0.09, half), SEAT)
    n_slats = int(rng.choice([0, 2, 3]))
    if n_slats == 0:
        sculptor.piece("back")
        sculptor.box((-half, height + 0.12, half - 0.08), (half, top, half), BACK)
        return
    for x in (-half + 0.05, half - 0.05):
        sculptor.piece("back")
        sculptor.tube((x, height, half - 0.05), (x, top, half), 0.045, BACK)
    for k in range(n_slats):
        y = height + 0.2 + (top - height - 0.3) * (k + 0.5) / n_slats
        sculptor.piece("back")
        sculptor.box((-half, y - 0.06, half - 0.07), (half, y + 0.07, half - 0.01), BACK)


def stool(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A stool with a round or square seat and a rail between its legs."""
    half, height = float(rng.uniform(0.22, 0.3)), float(rng.uniform(0.5, 0.85))
    legs(sculptor, half * 0.7, half * 0.7, height, 0.042, splay=0.1)
    for x in (-half * 0.8, half * 0.8):
        sculptor.piece("leg")
        sculptor.tube((x, height * 0.4, -half * 0.8), (x, height * 0.4, half * 0.8), 0.03, LEG)
    sculptor.piece("seat")
    n_sides = int(rng.choice([4, 12]))
    profile = [(half * 1.1, height), (half * 1.15, height + 0.06), (half, height + 0.11)]
    sculptor.lathe(profile, SEAT, n_sides=n_sides, phase=math.pi / 4)


def ottoman(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A padded cube or drum on short feet."""
    half, height = float(rng.uniform(0.32, 0.45)), float(rng.uniform(0.38, 0.5))
    legs(sculptor, half * 0.75, half * 0.6, 0.12, 0.05)
    sculptor.piece("base")
    n_sides = int(rng.choice([4, 14]))
    reach = half * (1.35 if n_sides == 4 else 1.1)
    body = [(reach * 0.97, 0.1), (reach, height * 0.7)]
    cushion = [(reach, height * 0.7), (reach * 1.05, height * 0.85), (reach * 0.86, height)]
    sculptor.lathe(body, Skin("base", texture="fabric"), n_sides=n_sides, phase=math.pi / 4)
    sculptor.piece("seat")
    sculptor.lathe(cushion, Skin("seat", texture="fabric"), n_sides=n_sides, phase=math.pi / 4)


def bench(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A slatted bench, with a back or without."""
    half, height = float(rng.uniform(0.7, 1.0)), float(rng.uniform(0.44, 0.52))
    for x in (-half * 0.8, half * 0.8):
        sculptor.piece("leg")
        sculptor.box((x - 0.06, 0, -0.22), (x + 0.06, height, 0.24), LEG)
    for k in range(3):
        z = -0.26 + 0.19 * k
        sculptor.piece("seat")
        sculptor.box((-half, height, z), (half, height + 0.06, z + 0.15), SEAT)
    if rng.random() < 0.75:
        for k in range(2):
            y = height + 0.18 + 0.22 * k
            sculptor.piece("back")
            sculptor.box((-half, y, 0.27 + 0.04 * k), (half, y + 0.16, 0.33 + 0.04 * k), BACK)


def _upholstered(
    sculptor: Sculptor, rng: np.random.Generator, half: float, n_cushions: int
) -> None:
    seat_y, back_y = float(rng.uniform(0.34, 0.42)), float(rng.uniform(0.82, 1.0))
    arm_y, arm = seat_y + float(rng.uniform(0.16, 0.28)), float(rng.uniform(0.14, 0.22))
    depth = float(rng.uniform(0.4, 0.48))
    cloth = "fabric"
    legs(sculptor, half * 0.9, depth * 0.8, 0.12, 0.05)
    sculptor.piece("back")
    sculptor.frustum(
        (-half, half, depth - 0.24, depth), 0.1, (-half, half, depth - 0.12, depth + 0.06), back_y,
        Skin("back", texture=cloth),
    )  # fmt: skip
    sculptor.piece("base")
    sculptor.box(
        (-half + arm, 0.1, -depth),
        (half - arm, seat_y - 0.1, depth - 0.2),
        Skin("base", texture=cloth),
    )
    width = 2 * (half - arm) / n_cushions
    for k in range(n_cushions):
        left = -half + arm + k * width
        sculptor.piece("cushion")
        low = (left, left + width, -depth - 0.02, depth - 0.22)
        high = (left + 0.04, left + width - 0.04, -depth + 0.04, depth - 0.24)
        sculptor.frustum(low, seat_y - 0.1, high, seat_y + 0.08, Skin("seat", texture=cloth))
    for side in (-1, 1):
        sculptor.piece("arm")
        x0, x1 = sorted((side * half, side * (half - arm)))
        sculptor.box((x0, 0.1, -depth), (x1, arm_y, depth), Skin("arm", texture=cloth))


def sofa(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A sofa of two or three cushions."""
    n_cushions = int(rng.integers(2, 4))
    _upholstered(sculptor, rng, 0.42 + 0.32 * n_cushions, n_cushions)


def armchair(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """An upholstered chair for one."""
    _upholstered(sculptor, rng, float(rng.uniform(0.5, 0.58)), 1)


def swivel_chair(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """An office chair: a star of five feet on castors, a column, a seat and a back."""
    turn = float(rng.uniform(0, 1.2))
    for k in range(5):
        angle = turn + 2 * math.pi * k / 5
        x, z = 0.36 * math.cos(angle), 0.36 * math.sin(angle)
        sculptor.piece("leg")
        sculptor.tube((0, 0.16, 0), (x, 0.1, z), 0.04, LEG)
        sculptor.box((x - 0.05, 0, z - 0.05), (x + 0.05, 0.1, z + 0.05), BASE)
    sculptor.piece("leg")
    sculptor.tube((0, 0.1, 0), (0, 0.5, 0), 0.05, LEG)
    sculptor.piece("seat")
    seat = [(0.30, 0.48), (0.33, 0.54), (0.29, 0.6)]
    sculptor.lathe(seat, Skin("seat", texture="fabric"), n_sides=8, phase=math.pi / 8)
    top = float(rng.uniform(1.05, 1.3))
    sculptor.piece("back")
    sculptor.tube((0, 0.52, 0.26), (0, 0.8, 0.34), 0.04, LEG)
    low, high = (-0.25, 0.25, 0.26, 0.34), (-0.2, 0.2, 0.34, 0.42)
    sculptor.frustum(low, 0.68, high, top, Skin("back", texture="fabric"))
    if rng.random() < 0.6:
        for side in (-1, 1):
            sculptor.piece("arm")
            sculptor.box((side * 0.34 - 0.035, 0.55, 0.0), (side * 0.34 + 0.035, 0.78, 0.08), ARM)
            sculptor.box((side * 0.34 - 0.05, 0.76, -0.2), (side * 0.34 + 0.05, 0.82, 0.16), ARM)
