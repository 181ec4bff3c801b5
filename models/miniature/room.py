"""The empty room: its plan and the items of its surroundings, under ADE20K-150 names."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.miniature import labels
from models.miniature.camera import Camera
from models.miniature.mesh import Color, Finish, Item, Point, Skin, palette, rgb
from models.miniature.sculptor import Sculptor
from models.miniature.streams import stream

_WALLS = palette("#e8e0d0 #d8dfe0 #cfd8c4 #e6cfc0 #b8c6d0 #efe9da #d9c8d4 #9fb0a8")
_FLOORS = (
    (rgb("#a87a50"), "wood"), (rgb("#7c5638"), "wood"), (rgb("#c8a880"), "wood"),
    (rgb("#b8b4ae"), "paving"), (rgb("#8c8a88"), "fabric"), (rgb("#d8d0c4"), "paving"),
)  # fmt: skip
_CLOTHS = palette("#a84840 #3c5c80 #c8a060 #4c7464 #d8d0c0 #7a5a78 #d09878")
_SHELL_LAYER, _FLAT_LAYER = 1, 2
_FLOOR = labels.ROAD  # the floor takes the shadows of what stands on it, as a road does


@dataclass(frozen=True)
class Room:
    """Size of a room in meters, the camera in it, and what lies and hangs there."""

    camera: Camera
    half_width: float
    depth: float
    height: float
    lamp_x: float
    wall: Color
    floor: tuple[Color, str]
    cloths: tuple[Color, Color]
    rug: tuple[float, float, float, float] | None  # x0, x1, z0, z1
    paintings: tuple[tuple[float, float, float, float], ...]  # x0, x1, y0, y1 on the far wall


def plan_room(seed: int) -> Room:
    """The room of a seed."""
    rng = stream(seed, "room")
    half_width, depth = float(rng.uniform(3.0, 4.4)), float(rng.uniform(6.2, 8.6))
    camera = Camera(
        x=float(rng.uniform(-0.6, 0.6)),
        height=float(rng.uniform(1.35, 1.75)),
        focal_px=float(rng.uniform(165, 205)),
        center_x=float(128 + rng.uniform(-20, 20)),
        horizon_y=float(rng.uniform(38, 52)),
    )
    rug_x, rug_z = float(rng.uniform(-0.8, 0.8)), float(rng.uniform(3.4, 4.4))
    rug = (rug_x - 1.5, rug_x + 1.5, rug_z - 0.8, rug_z + 1.0) if rng.random() < 0.65 else None
    return Room(
        camera=camera,
        half_width=half_width,
        depth=depth,
        height=float(rng.uniform(2.5, 3.0)),
        lamp_x=float(rng.uniform(-1, 1)),
        wall=_WALLS[int(rng.integers(len(_WALLS)))],
        floor=_FLOORS[int(rng.integers(len(_FLOORS)))],
        cloths=(_CLOTHS[int(rng.integers(len(_CLOTHS)))], _CLOTHS[int(rng.integers(len(_CLOTHS)))]),
        rug=rug,
        paintings=_plan_paintings(rng, half_width),
    )


def _plan_paintings(
    rng: np.random.Generator, half_width: float
) -> tuple[tuple[float, float, float, float], ...]:
    """None to three paintings side by side on the far wall."""
    n_paintings = int(rng.integers(0, 4))
    paintings = []
    for k in range(n_paintings):
        x = half_width * (-0.6 + 0.6 * k + float(rng.uniform(-0.1, 0.1)))
        width, height = float(rng.uniform(0.7, 1.4)), float(rng.uniform(0.5, 0.9))
        y = float(rng.uniform(1.4, 1.7))
        paintings.append((x - width / 2, x + width / 2, y, y + height))
    return tuple(paintings)


def room_items(room: Room) -> list[tuple[str, Item]]:
    """Items of the surroundings, each with its ADE20K-150 name."""
    finish = _finish(room)
    drawn: list[tuple[str, int, int, Callable[[Sculptor], None]]] = [
        ("ceiling", labels.UNLABELED, _SHELL_LAYER, lambda s: _ceiling(s, room)),
        ("wall", labels.UNLABELED, _SHELL_LAYER, lambda s: _walls(s, room)),
        ("floor", _FLOOR, _SHELL_LAYER, lambda s: _floor(s, room)),
    ]
    if room.rug:
        drawn.append(("rug", _FLOOR, _FLAT_LAYER, lambda s: _rug(s, room)))
    if room.paintings:
        drawn.append(("painting", labels.UNLABELED, _FLAT_LAYER, lambda s: _paintings(s, room)))
    named = []
    for name, label, layer, draw in drawn:
        sculptor = Sculptor()
        draw(sculptor)
        named.append((name, Item(sculptor.mesh(), finish, label, layer, has_shadow=False)))
    return named


def _finish(room: Room) -> dict[str, Finish]:
    dark = room.wall[0] * 0.8, room.wall[1] * 0.8, room.wall[2] * 0.8
    return {
        "wall": Finish(room.wall),
        "baseboard": Finish((0.93, 0.92, 0.89)),
        "side wall": Finish((room.wall[0] * 0.95, room.wall[1] * 0.95, room.wall[2] * 0.95)),
        "ceiling": Finish((0.95, 0.95, 0.93)),
        "floor": Finish(*room.floor),
        "rug": Finish(room.cloths[0], "fabric"),
        "border": Finish(room.cloths[1], "fabric"),
        "frame": Finish(dark),
        "canvas": Finish(room.cloths[1]),
        "hill": Finish(room.cloths[0]),
    }


def _ceiling(sculptor: Sculptor, room: Room) -> None:
    w, h, d = room.half_width + 20, room.height, room.depth
    points = [(-w, h, 0.4), (w, h, 0.4), (w, h, d), (-w, h, d)]
    sculptor.card(points, Skin("ceiling", texture="plaster"), normal=(0.0, -1.0, 0.0))


def _floor(sculptor: Sculptor, room: Room) -> None:
    w, d = room.half_width, room.depth
    points: list[Point] = [(-w, 0, 0.4), (w, 0, 0.4), (w, 0, d), (-w, 0, d)]
    sculptor.card(points, Skin("floor"), normal=(0.0, 1.0, 0.0))


def _walls(sculptor: Sculptor, room: Room) -> None:
    w, h, d = room.half_width, room.height, room.depth
    sculptor.card(
        [(-w, 0, d), (w, 0, d), (w, h, d), (-w, h, d)],
        Skin("wall", texture="plaster"),
        normal=(0, 0, -1),
    )
    sculptor.card(
        [(-w, 0, d), (w, 0, d), (w, 0.12, d), (-w, 0.12, d)], Skin("baseboard"), normal=(0, 0, -1)
    )
    for side in (-1, 1):
        x = side * w
        normal = (float(-side), 0.0, 0.0)
        wall: list[Point] = [(x, 0, 0.4), (x, 0, d), (x, h, d), (x, h, 0.4)]
        sculptor.card(wall, Skin("side wall", texture="plaster"), normal=normal)
        board: list[Point] = [(x, 0, 0.4), (x, 0, d), (x, 0.12, d), (x, 0.12, 0.4)]
        sculptor.card(board, Skin("baseboard"), normal=normal)


def _rug(sculptor: Sculptor, room: Room) -> None:
    x0, x1, z0, z1 = room.rug or (0.0, 0.0, 0.0, 0.0)
    for inset, paint in ((0.0, "border"), (0.14, "rug"), (0.5, "border"), (0.56, "rug")):
        a, b, c, e = x0 + inset, x1 - inset, z0 + inset, z1 - inset
        sculptor.card(
            [(a, 0.01, c), (b, 0.01, c), (b, 0.01, e), (a, 0.01, e)], Skin(paint), normal=(0, 1, 0)
        )


def _paintings(sculptor: Sculptor, room: Room) -> None:
    """Framed landscapes: a field of one color below another."""
    z = room.depth - 0.02
    for x0, x1, y0, y1 in room.paintings:
        middle = (y0 + y1) / 2
        for (a, b, c, e), paint in (
            ((x0, x1, y0, y1), "frame"),
            ((x0 + 0.06, x1 - 0.06, y0 + 0.06, y1 - 0.06), "canvas"),
            ((x0 + 0.06, x1 - 0.06, y0 + 0.06, middle), "hill"),
        ):
            sculptor.card(
                [(a, c, z), (b, c, z), (b, e, z), (a, e, z)], Skin(paint), normal=(0, 0, -1)
            )
