"""Furniture and machines of a home. Builders as in `seating`."""

import itertools
import math

import numpy as np

from models.miniature.mesh import Skin
from models.miniature.objects.seating import legs
from models.miniature.sculptor import Sculptor

BODY, DARK, METAL = Skin("body"), Skin("dark"), Skin("metal")


def table(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A table with a rectangular or round top."""
    half_x, half_z = float(rng.uniform(0.55, 0.9)), float(rng.uniform(0.38, 0.55))
    height = float(rng.uniform(0.68, 0.82))
    sculptor.piece("top")
    if rng.random() < 0.35:
        sculptor.lathe(
            [(half_z * 1.3, height), (half_z * 1.3, height + 0.08)], Skin("top"), n_sides=14
        )
        sculptor.piece("leg")
        sculptor.lathe([(0.3, 0.0), (0.07, 0.12), (0.07, height)], Skin("leg"), n_sides=8)
        return
    top = Skin("top", texture="wood")
    sculptor.box((-half_x, height, -half_z), (half_x, height + 0.09, half_z), top)
    sculptor.piece("apron")
    inner = (half_x * 0.9, half_z * 0.85)
    sculptor.box((-inner[0], height - 0.12, -inner[1]), (inner[0], height, inner[1]), Skin("apron"))
    legs(sculptor, half_x * 0.9, half_z * 0.85, height, 0.055)


def bed(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A bed with a headboard, pillows and a blanket, seen from its foot."""
    half, length = float(rng.uniform(0.5, 0.8)), float(rng.uniform(1.8, 2.0))
    low, board = float(rng.uniform(0.26, 0.4)), float(rng.uniform(0.85, 1.15))
    front, back = -length / 2, length / 2
    legs(sculptor, half * 0.94, length * 0.47, low, 0.05)
    sculptor.piece("back")
    sculptor.box((-half, 0.1, back - 0.08), (half, board, back), Skin("back", texture="wood"))
    sculptor.piece("frame")
    sculptor.box(
        (-half, low - 0.12, front), (half, low + 0.02, back - 0.08), Skin("frame", texture="wood")
    )
    sculptor.piece("mattress")
    sculptor.box(
        (-half + 0.04, low, front + 0.04), (half - 0.04, low + 0.2, back - 0.1), Skin("mattress")
    )
    sculptor.piece("blanket")
    fold = back - float(rng.uniform(0.6, 0.9))
    sculptor.box(
        (-half, low + 0.05, front), (half, low + 0.24, fold), Skin("blanket", texture="fabric")
    )
    n_pillows = 1 if half < 0.6 else 2
    for k in range(n_pillows):
        x = 0.0 if n_pillows == 1 else (k - 0.5) * half
        sculptor.piece("pillow")
        rect = (x - 0.24, x + 0.24, back - 0.5, back - 0.12)
        inner = (x - 0.18, x + 0.18, back - 0.44, back - 0.16)
        sculptor.frustum(rect, low + 0.2, inner, low + 0.36, Skin("pillow"))


def cradle(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A rocking cradle with a hood and a blanket."""
    half, length = float(rng.uniform(0.28, 0.35)), float(rng.uniform(0.85, 1.05))
    front, back = -half, half
    low = (-length / 2 * 0.85, length / 2 * 0.85, front * 0.8, back * 0.8)
    high = (-length / 2, length / 2, front, back)
    for x in (-length * 0.33, length * 0.33):
        sculptor.piece("rocker")
        arc = [(x, 0.03 + 1.1 * t * t, t) for t in (-0.36, -0.2, 0.0, 0.2, 0.36)]
        for start, end in itertools.pairwise(arc):
            sculptor.tube(start, end, 0.04, Skin("rocker"))
        sculptor.tube((x, 0.04, 0), (x, 0.3, 0), 0.05, Skin("rocker"))
    sculptor.piece("body")
    sides = sculptor.frustum(low, 0.22, high, 0.62, Skin("body", texture="wood"))
    sculptor.panel(sides["top"], (0.05, 0.08, 0.95, 0.92), Skin("blanket", texture="fabric"))
    sculptor.piece("hood")
    x0, x1 = length * 0.12, length / 2
    sculptor.frustum(
        (x0, x1, front, back),
        0.6,
        (x0 + 0.08, x1 - 0.06, front * 0.6, back * 0.6),
        1.0,
        Skin("hood", texture="fabric"),
    )


def refrigerator(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A refrigerator with a freezer door above or below."""
    half, height = float(rng.uniform(0.34, 0.45)), float(rng.uniform(1.45, 1.9))
    sculptor.piece("body")
    sides = sculptor.box((-half, 0.05, -0.34), (half, height, 0.34), BODY)
    split = float(rng.choice([0.34, 0.68]))
    for low, high in ((0.02, split - 0.012), (split + 0.012, 0.98)):
        sculptor.piece("door")
        door = sculptor.panel(sides["front"], (0.03, low, 0.97, high), Skin("door"))
        sculptor.panel(door, (0.84, 0.25, 0.91, 0.75), METAL)
    sculptor.piece("base")
    sculptor.box((-half, 0.0, -0.3), (half, 0.06, 0.3), DARK)


def washer(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A washing machine with its round door and a row of knobs."""
    half, height = float(rng.uniform(0.34, 0.4)), float(rng.uniform(0.85, 1.0))
    sculptor.piece("body")
    sides = sculptor.box((-half, 0.0, -0.32), (half, height, 0.32), BODY)
    front = sides["front"]
    sculptor.piece("panel")
    panel = sculptor.panel(front, (0.02, 0.83, 0.98, 0.98), Skin("panel"))
    sculptor.panel(panel, (0.06, 0.2, 0.34, 0.8), METAL)
    sculptor.spot(panel, (0.72, 0.5), 0.05, DARK)
    sculptor.piece("door")
    sculptor.spot(front, (0.5, 0.44), 0.27, METAL)
    sculptor.spot(front, (0.5, 0.44), 0.2, DARK)
    sculptor.spot(front, (0.46, 0.5), 0.08, Skin("shine"))


def toilet(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A toilet: foot, bowl, seat and cistern, its lid open or closed."""
    bowl_y, scale = float(rng.uniform(0.42, 0.48)), float(rng.uniform(1.0, 1.2))
    sculptor.piece("tank")
    sides = sculptor.box(
        (-0.26 * scale, bowl_y, 0.22), (0.26 * scale, bowl_y + 0.46, 0.42), Skin("tank")
    )
    sculptor.panel(sides["top"], (0.4, 0.35, 0.6, 0.65), METAL)
    sculptor.piece("foot")
    sculptor.lathe(
        [(0.19 * scale, 0.0), (0.13 * scale, 0.12), (0.17 * scale, 0.24)], BODY, n_sides=10
    )
    sculptor.piece("bowl")
    bowl = [(0.15 * scale, 0.2), (0.25 * scale, bowl_y * 0.8), (0.29 * scale, bowl_y)]
    sculptor.lathe(bowl, BODY, n_sides=12, center=(0, -0.05), squash=1.15)
    sculptor.piece("seat")
    is_open = rng.random() < 0.5
    rim = [(0.30 * scale, bowl_y), (0.28 * scale, bowl_y + 0.05)]
    sculptor.lathe(rim, Skin("seat"), n_sides=12, center=(0, -0.05), squash=1.15)
    if is_open:
        hole = [(0.19 * scale, bowl_y + 0.05), (0.19 * scale, bowl_y + 0.052)]
        sculptor.lathe(hole, DARK, n_sides=12, center=(0, -0.08), squash=1.15)
        sculptor.piece("lid")
        sculptor.frustum(
            (-0.24, 0.24, 0.14, 0.2),
            bowl_y + 0.05,
            (-0.16, 0.16, 0.16, 0.21),
            bowl_y + 0.55,
            Skin("lid"),
        )


def bathtub(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A bathtub on feet with water or suds in it, and a tap."""
    half, depth = float(rng.uniform(0.75, 0.95)), float(rng.uniform(0.36, 0.44))
    height = float(rng.uniform(0.55, 0.68))
    legs(sculptor, half * 0.7, depth * 0.6, 0.16, 0.06)
    sculptor.piece("body")
    low, high = (
        (-half * 0.82, half * 0.82, -depth * 0.75, depth * 0.75),
        (-half, half, -depth, depth),
    )
    sculptor.frustum(low, 0.12, high, height, BODY)
    sculptor.piece("rim")
    wide = (-half - 0.05, half + 0.05, -depth - 0.05, depth + 0.05)
    rim = sculptor.frustum(wide, height, wide, height + 0.06, Skin("rim"))
    sculptor.panel(rim["top"], (0.06, 0.12, 0.94, 0.88), Skin("water"))
    sculptor.piece("tap")
    x = half * 0.85
    sculptor.tube((x, height, 0), (x, height + 0.3, 0), 0.04, METAL)
    sculptor.tube((x, height + 0.3, 0), (x - 0.22, height + 0.26, 0), 0.04, METAL)


def television_receiver(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """An old set on legs with an antenna, or a flat one on a foot."""
    half = float(rng.uniform(0.45, 0.65))
    if rng.random() < 0.5:
        height = half * 1.15
        sculptor.piece("foot")
        sculptor.box((-half * 0.45, 0.0, -0.14), (half * 0.45, 0.05, 0.14), Skin("foot"))
        sculptor.box((-0.06, 0.05, -0.04), (0.06, 0.16, 0.04), Skin("foot"))
        sculptor.piece("body")
        sides = sculptor.box((-half, 0.14, -0.05), (half, 0.14 + height, 0.05), BODY)
        sculptor.piece("screen")
        sculptor.panel(sides["front"], (0.04, 0.07, 0.96, 0.95), Skin("screen"))
        return
    half, lift = half * 0.85, 0.22
    legs(sculptor, half * 0.75, 0.18, lift, 0.035, splay=0.06)
    sculptor.piece("body")
    sides = sculptor.box(
        (-half, lift, -0.26), (half, lift + half * 1.45, 0.26), Skin("body", texture="wood")
    )
    sculptor.piece("screen")
    sculptor.panel(sides["front"], (0.07, 0.12, 0.74, 0.9), Skin("screen"))
    for t in (0.7, 0.5, 0.3):
        sculptor.spot(sides["front"], (0.87, t), 0.04, METAL)
    top = lift + half * 1.45
    for side in (-1, 1):
        sculptor.piece("antenna")
        sculptor.tube((0, top, 0), (side * 0.28, top + 0.42, 0), 0.02, METAL)


def fan(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A standing fan: foot, column, ring and blades."""
    radius, y = float(rng.uniform(0.32, 0.42)), float(rng.uniform(0.85, 1.15))
    sculptor.piece("foot")
    sculptor.lathe([(0.28, 0.0), (0.26, 0.07), (0.06, 0.11)], Skin("foot"), n_sides=10)
    sculptor.piece("pole")
    sculptor.tube((0, 0.08, 0.06), (0, y, 0.06), 0.04, METAL)
    sculptor.piece("ring")
    angles = [2 * math.pi * k / 16 for k in range(17)]
    outer = [(radius * math.cos(a), y + radius * math.sin(a), -0.05) for a in angles]
    hole = [
        (radius * 0.86 * math.cos(a), y + radius * 0.86 * math.sin(a), -0.05)
        for a in reversed(angles)
    ]
    sculptor.card([*outer, *hole], Skin("ring"))
    n_blades = int(rng.integers(3, 6))
    turn = float(rng.uniform(0, 2))
    for k in range(n_blades):
        a = turn + 2 * math.pi * k / n_blades
        spread = 0.55 * 2 * math.pi / n_blades
        tips = [
            (
                math.cos(a + spread * t) * radius * 0.82,
                y + math.sin(a + spread * t) * radius * 0.82,
                0.0,
            )
            for t in (0, 0.5, 1)
        ]
        sculptor.piece("blade")
        sculptor.card([(0.0, y, 0.0), *tips], Skin("blade"))
    sculptor.piece("hub")
    hub = [(0.09 * math.cos(a), y + 0.09 * math.sin(a), -0.08) for a in angles[:-1]]
    sculptor.card(hub, Skin("hub"))
