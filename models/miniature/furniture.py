"""Street furniture: lamp posts, signs, gantries, traffic lights and bollards."""

import math
from collections.abc import Callable
from functools import lru_cache

from models.miniature import labels
from models.miniature.layout import Thing
from models.miniature.look import PlaceLook
from models.miniature.mesh import Color, Finish, Item, Mesh, Point, Skin, rgb
from models.miniature.ordering import STANDING_LAYER
from models.miniature.sculptor import Sculptor, ring

_POLE = Skin("pole")
_LIGHTS = (("red", 2), ("amber", 1), ("green", 0))
_LENS = {
    "red": rgb("#e83828"),
    "amber": rgb("#f0b020"),
    "green": rgb("#38c060"),
    "dark": rgb("#2a2c2c"),
}
_WHITE: Color = (0.93, 0.93, 0.91)


def furniture_items(thing: Thing, look: PlaceLook) -> list[Item]:
    """The items of a lamp, sign, gantry, traffic light or bollard: mostly a pole and its load."""
    return _BUILDERS[thing.kind](thing, look)


def _item(mesh: Mesh, finish: dict[str, Finish], label: int, thing: Thing) -> Item:
    return Item(mesh, finish, label, STANDING_LAYER, thing.x, 0.0, thing.z)


def _pole_finish(look: PlaceLook) -> dict[str, Finish]:
    dark = look.pole[0] * 0.7, look.pole[1] * 0.7, look.pole[2] * 0.7
    return {
        "pole": Finish(look.pole),
        "foot": Finish(dark),
        "lamp": Finish((0.92, 0.92, 0.86)),
        "hood": Finish(dark),
    }


def _post(sculptor: Sculptor, height: float, radius: float) -> None:
    sculptor.lathe([(radius, 0.0), (radius * 0.75, height)], _POLE, n_sides=6)
    sculptor.lathe([(radius * 1.6, 0.0), (radius * 1.4, 0.7)], Skin("foot"), n_sides=6)


def _lamp(thing: Thing, look: PlaceLook) -> list[Item]:
    mesh = _lamp_mesh(look.lamp_style, round(thing.size[1], 1), -thing.side)
    return [_item(mesh, _pole_finish(look), labels.POLE, thing)]


@lru_cache(maxsize=256)
def _lamp_mesh(style: str, height: float, toward_road: int) -> Mesh:
    sculptor = Sculptor()
    lit = Skin("lamp", glow="lamp")
    if style == "globe":
        height = height * 0.75
        _post(sculptor, height, 0.13)
        sculptor.piece()
        sculptor.lathe(
            [(0.12, height), (0.30, height + 0.2), (0.30, height + 0.4), (0.1, height + 0.6)],
            lit,
            n_sides=8,
        )
        sculptor.lathe([(0.34, height + 0.55), (0.05, height + 0.75)], Skin("hood"), n_sides=8)
        return sculptor.mesh()
    _post(sculptor, height, 0.13)
    for side in (toward_road,) if style == "arm" else (-1, 1):
        reach = side * 1.7
        sculptor.piece()
        sculptor.tube((0, height - 0.1, 0), (reach, height + 0.3, 0), 0.06, _POLE)
        x0, x1 = sorted((reach - side * 0.1, reach + side * 0.75))
        sculptor.box((x0, height + 0.2, -0.16), (x1, height + 0.38, 0.16), Skin("hood"))
        sculptor.face(
            [
                (x0, height + 0.2, 0.16),
                (x1, height + 0.2, 0.16),
                (x1, height + 0.2, -0.16),
                (x0, height + 0.2, -0.16),
            ],
            lit,
            normal=(0, -1, 0),
        )
        sculptor.box((x0, height + 0.12, -0.14), (x1, height + 0.2, 0.14), lit)
    return sculptor.mesh()


def _sign(thing: Thing, look: PlaceLook) -> list[Item]:
    radius, height, _ = thing.size
    shape = thing.variant
    color = _sign_color(shape, look, thing.dice[0])
    has_board = thing.dice[1] < 0.35 and height > 2.4
    height, radius = round(height, 1), round(radius, 2)
    finish = {
        "field": Finish(_WHITE if shape in (0, 1) else color),
        "rim": Finish(color if shape in (0, 1) else _WHITE),
        "symbol": Finish(rgb("#26282c") if shape in (0, 1) else _WHITE),
        "board": Finish(_WHITE),
    }
    return [
        _item(_post_mesh(height + 0.1, 0.055), _pole_finish(look), labels.POLE, thing),
        _item(_plate_mesh(shape, radius, height, has_board), finish, labels.TRAFFIC_SIGN, thing),
    ]


@lru_cache(maxsize=256)
def _post_mesh(height: float, radius: float) -> Mesh:
    sculptor = Sculptor()
    _post(sculptor, height, radius)
    return sculptor.mesh()


@lru_cache(maxsize=512)
def _plate_mesh(shape: int, radius: float, height: float, has_board: bool) -> Mesh:
    sculptor = Sculptor()
    _plate(sculptor, shape, radius, height)
    if has_board:
        _board(sculptor, height - 1.65 * radius, radius)
    return sculptor.mesh()


def _sign_color(shape: int, look: PlaceLook, die: float) -> Color:
    """Prohibitions and stop signs are red, warnings as the place has them, the rest informs."""
    if shape in (0, 4):
        return rgb("#c8281e")
    if shape in (1, 5):
        return look.signs[1]
    return look.signs[0] if die < 0.8 else rgb("#2a6a3c")


def _plate(sculptor: Sculptor, shape: int, radius: float, y: float) -> None:
    """0 ring, 1 triangle, 2 disc, 3 square, 4 octagon, 5 diamond, 6 and 7 wide board."""
    sides = {0: 14, 1: 3, 2: 14, 3: 4, 4: 8, 5: 4}.get(shape)
    if sides is None:
        rim = _rectangle(0.95 * radius, 0.72 * radius, y, -0.08)
        field = _rectangle(0.85 * radius, 0.62 * radius, y, -0.085)
    else:
        phase = {1: math.pi / 2, 3: math.pi / 4, 4: math.pi / 8, 5: 0.0}.get(shape, 0.0)
        rim = _flat(ring(radius, sides, phase=phase), y, -0.08)
        inner = 0.62 if shape == 1 else 0.78 if shape == 0 else 0.86
        field = _flat(ring(radius * inner, sides, phase=phase), y, -0.085)
    sculptor.card(rim, Skin("rim"))
    sculptor.card(field, Skin("field"))
    symbol = Skin("symbol")
    if shape in (1, 2, 5):
        sculptor.card(_rectangle(radius * 0.12, radius * 0.34, y, -0.09), symbol)
    else:
        sculptor.card(_rectangle(radius * 0.5, radius * 0.13, y, -0.09), symbol)


def _board(sculptor: Sculptor, y: float, radius: float) -> None:
    sculptor.card(_rectangle(radius * 0.8, 0.2, y, -0.08), Skin("board"))


def _rectangle(half_width: float, half_height: float, y: float, z: float) -> list[Point]:
    w, h = half_width, half_height
    return [(-w, y - h, z), (w, y - h, z), (w, y + h, z), (-w, y + h, z)]


def _flat(corners: list[tuple[float, float]], y: float, z: float) -> list[Point]:
    return [(u, y + v, z) for u, v in corners]


def _gantry(thing: Thing, look: PlaceLook) -> list[Item]:
    """A large direction sign on a tall pole beside the road."""
    width, height, _ = thing.size
    pole = Sculptor()
    _post(pole, height, 0.14)
    pole.tube((0, height - 0.3, 0), (-width, height - 0.3, 0), 0.08, _POLE)
    plate = Sculptor()
    plate.card(_moved(_rectangle(1.35, 0.85, height - 0.6, -0.15), -width + 0.9), Skin("rim"))
    plate.card(_moved(_rectangle(1.25, 0.75, height - 0.6, -0.16), -width + 0.9), Skin("field"))
    for k, half in enumerate((0.9, 0.6)):
        y = height - 0.35 - 0.5 * k
        plate.card(_moved(_rectangle(half, 0.1, y, -0.17), -width + 0.9), Skin("rim"))
    finish = {"field": Finish(look.signs[0]), "rim": Finish(_WHITE)}
    return [
        _item(pole.mesh(), _pole_finish(look), labels.POLE, thing),
        _item(plate.mesh(), finish, labels.TRAFFIC_SIGN, thing),
    ]


def _moved(points: list[Point], dx: float) -> list[Point]:
    return [(x + dx, y, z) for x, y, z in points]


def _traffic_light(thing: Thing, look: PlaceLook) -> list[Item]:
    reach, height, _ = thing.size
    pole = Sculptor()
    _post(pole, height if reach else height - 0.2, 0.10)
    heads = [(0.0, 2.5 if reach else height - 0.5)]
    if reach:
        pole.tube((0, height - 0.1, 0), (-reach, height, 0), 0.07, _POLE)
        heads.append((-reach, height - 0.6))
    head = _head_mesh(thing.variant % 3)
    finish = {name: Finish(color) for name, color in _LENS.items()}
    finish |= {"case": Finish(rgb("#24282a")), "edge": Finish(rgb("#d8b838"))}
    items = [_item(pole.mesh(), _pole_finish(look), labels.POLE, thing)]
    items += [
        Item(head, finish, labels.TRAFFIC_LIGHT, STANDING_LAYER, thing.x + x, y, thing.z)
        for x, y in heads
    ]
    return items


@lru_cache(maxsize=3)
def _head_mesh(phase: int) -> Mesh:
    """A case around y = 0 with three lenses, of which one is lit; larger than life, to be seen."""
    sculptor = Sculptor()
    sculptor.card(_rectangle(0.36, 0.80, 0, -0.1), Skin("edge"))
    case = sculptor.box((-0.30, -0.74, -0.36), (0.30, 0.74, -0.1), Skin("case"))
    for k, (name, row) in enumerate(_LIGHTS):
        is_lit = k == phase
        skin = Skin(name if is_lit else "dark", glow=name if is_lit else "none")
        sculptor.spot(case["front"], (0.5, 0.19 + 0.31 * row), 0.2, skin)
    return sculptor.mesh()


def _bollard(thing: Thing, look: PlaceLook) -> list[Item]:
    return [_item(_bollard_mesh(), _pole_finish(look), labels.POLE, thing)]


@lru_cache(maxsize=1)
def _bollard_mesh() -> Mesh:
    sculptor = Sculptor()
    sculptor.lathe([(0.11, 0.0), (0.10, 0.75), (0.13, 0.8), (0.06, 0.95)], Skin("foot"), n_sides=6)
    sculptor.lathe([(0.115, 0.55), (0.112, 0.68)], Skin("lamp"), n_sides=6)
    return sculptor.mesh()


_BUILDERS: dict[str, Callable[[Thing, PlaceLook], list[Item]]] = {
    "lamp": _lamp,
    "sign": _sign,
    "gantry": _gantry,
    "traffic light": _traffic_light,
    "bollard": _bollard,
}
FURNITURE_KINDS = tuple(_BUILDERS)
