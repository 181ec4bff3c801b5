"""What is rooted beside the road: trees, lamps, signs, traffic lights, bollards and hedges."""

from collections.abc import Sequence

import numpy as np

from models.miniature.layout import Lamps, Lot, Roadway, Thing

N_VARIANTS = 8


def roadside_things(
    rng: np.random.Generator, roadway: Roadway, lots: Sequence[Lot], lamps: Lamps
) -> list[Thing]:
    """Everything rooted along both sides of the street."""
    things = _lamp_posts(lamps)
    things += _street_trees(rng, roadway)
    things += _lot_plants(rng, roadway, lots)
    things += _signs(rng, roadway)
    things += _traffic_lights(rng, roadway)
    things += _bollards(rng, roadway)
    return things


def _lamp_posts(lamps: Lamps) -> list[Thing]:
    size = (1.0, lamps.height, 1.0)
    return [
        Thing("lamp", x, lamps.first + k * lamps.spacing, size=size, side=side)
        for side, x in zip((-1, 1), lamps.x, strict=True)
        for k in range(4)
    ]


def _street_trees(rng: np.random.Generator, roadway: Roadway) -> list[Thing]:
    """A row of trees on a side, more often where there is a verge."""
    things: list[Thing] = []
    for k, side in enumerate((-1, 1)):
        verge = roadway.verge_width[k]
        if rng.random() > (0.75 if verge else 0.3):
            continue
        edge = roadway.right if side > 0 else roadway.left
        x = edge + side * (verge / 2 if verge else 0.9)
        spacing = float(rng.uniform(8, 15))
        z = float(rng.uniform(9, 16))
        while z < 80:
            height = float(rng.uniform(4.5, 7.5))
            things.append(_plant(rng, "tree", x, z, height, side))
            z += spacing * float(rng.uniform(0.9, 1.2))
    return things


def _lot_plants(rng: np.random.Generator, roadway: Roadway, lots: Sequence[Lot]) -> list[Thing]:
    """Trees and bushes of parks and gardens, and the greenery that looks over walls and fences."""
    things: list[Thing] = []
    for lot in lots:
        n_trees = {"park": 5, "house": 1, "hedge": 2, "wall": 3, "fence": 3}.get(lot.use, 0)
        n_trees = int(rng.integers(0, n_trees + 1)) + (2 if lot.use == "park" else 0)
        line = roadway.lot_line(lot.side)
        reach = lot.setback - 1.5 if lot.use == "house" else 14.0
        for _ in range(n_trees if lot.start < 75 else n_trees // 2):
            x = line + lot.side * (1.8 + float(rng.uniform(0, max(reach, 0.3))))
            z = float(rng.uniform(lot.start + 1, lot.end - 1))
            is_bush = rng.random() < (0.7 if lot.use == "house" else 0.25)
            height = float(rng.uniform(1.0, 2.0) if is_bush else rng.uniform(5, 10))
            kind = "yard bush" if is_bush else "yard tree"
            things.append(_plant(rng, kind, x, max(z, 5.0), height, lot.side))
    return things


def _signs(rng: np.random.Generator, roadway: Roadway) -> list[Thing]:
    things: list[Thing] = []
    for _ in range(int(rng.integers(1, 4))):
        side = 1 if rng.random() < 0.65 else -1
        x = (roadway.right if side > 0 else roadway.left) + side * float(rng.uniform(0.35, 0.9))
        z = float(rng.uniform(8, 24))
        size = (float(rng.uniform(0.42, 0.58)), float(rng.uniform(2.3, 3.0)), 1.0)
        things.append(_thing(rng, "sign", x, z, size, side))
    if rng.random() < 0.15:
        x = roadway.right + 0.5
        things.append(_thing(rng, "gantry", x, float(rng.uniform(24, 40)), (3.2, 5.6, 1.0), 1))
    return things


def _traffic_lights(rng: np.random.Generator, roadway: Roadway) -> list[Thing]:
    """Lights at the crosswalk, on both sides, one now and then on an arm over the road."""
    if roadway.crossing_z is None and rng.random() > 0.35:
        return []
    z = roadway.crossing_z or float(rng.uniform(14, 26))
    phase = int(rng.integers(3))
    has_arm = rng.random() < 0.4
    things = []
    for side, edge in ((-1, roadway.left), (1, roadway.right)):
        reach = float(rng.uniform(2.5, 4.5)) if has_arm and side > 0 else 0.0
        height = 5.2 if reach else float(rng.uniform(2.9, 3.5))
        x = edge + side * 0.4
        things.append(
            Thing("traffic light", x, z + 3.2, 0.0, (reach, height, 1.0), phase, side=side)
        )
    return things


def _bollards(rng: np.random.Generator, roadway: Roadway) -> list[Thing]:
    if rng.random() > 0.3:
        return []
    side = 1 if rng.random() < 0.5 else -1
    x = (roadway.right if side > 0 else roadway.left) + side * 0.3
    first, spacing = float(rng.uniform(6, 9)), float(rng.uniform(1.6, 2.4))
    return [Thing("bollard", x, first + k * spacing, side=side) for k in range(6)]


def _plant(
    rng: np.random.Generator, kind: str, x: float, z: float, height: float, side: int
) -> Thing:
    width = height * float(rng.uniform(0.9, 1.1))
    return _thing(rng, kind, x, z, (width, height, width), side)


def _thing(
    rng: np.random.Generator,
    kind: str,
    x: float,
    z: float,
    size: tuple[float, float, float],
    side: int,
) -> Thing:
    a, b, c, d = (float(value) for value in rng.random(4))
    variant = int(rng.integers(N_VARIANTS))
    return Thing(kind, x, z, 0.0, size, variant, (a, b, c, d), side)
