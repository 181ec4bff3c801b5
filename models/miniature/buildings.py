"""Buildings: street fronts with windows, roofs in the shape of the place, shops and balconies."""

from typing import TypeVar

from models.miniature import labels
from models.miniature.facade_textures import FLOOR_M
from models.miniature.layout import Layout, Lot, Roadway
from models.miniature.look import PlaceLook
from models.miniature.mesh import Color, Finish, Item, Skin
from models.miniature.sculptor import Quad, Sculptor

VISTA_LAYER, LOT_LAYER = 2, 3
_DEPTH_M = 11.0
Choice = TypeVar("Choice")
_GROUND_FLOOR_M = 3.4


def pick(choices: tuple[Choice, ...], die: float) -> Choice:
    """The choice that a die in [0, 1) falls on."""
    return choices[int(die * len(choices))]


def building_items(layout: Layout, look: PlaceLook) -> list[Item]:
    """A building for each built lot, and the houses where the street ends."""
    built = [lot for lot in layout.lots if lot.use in ("building", "house")]
    items = [_building(lot, layout.roadway, look) for lot in built]
    if layout.vista == "skyline":
        items += _skyline(layout, look)
    return items


def _building(lot: Lot, roadway: Roadway, look: PlaceLook) -> Item:
    sculptor = Sculptor()
    front_x = roadway.lot_line(lot.side) + lot.side * lot.setback
    x0, x1 = sorted((front_x, front_x + lot.side * _DEPTH_M))
    is_house = lot.use == "house"
    z0, z1 = (lot.start + 1.0, lot.end - 2.0) if is_house else (lot.start, lot.end - 0.05)
    height = _GROUND_FLOOR_M + max(lot.n_floors * look.floor_scale - 1, 0.4) * FLOOR_M
    material, windows = pick(look.materials, lot.dice[0]), pick(look.windows, lot.dice[1])
    wall = Skin("wall", "trim", f"{material}/{windows}")
    below = "house front" if is_house or lot.dice[2] < 0.35 else "shop"
    base = sculptor.box((x0, 0.0, z0), (x1, _GROUND_FLOOR_M, z1), Skin("base", "sign", below))
    body = sculptor.box((x0, _GROUND_FLOOR_M, z0), (x1, height, z1), wall)
    street_side = "left" if lot.side > 0 else "right"
    if below == "shop":
        _awnings(sculptor, base[street_side], lot)
    _balconies(sculptor, body[street_side], lot, height)
    _roof(sculptor, (x0, x1, z0, z1), height, lot, look)
    return Item(sculptor.mesh(), _finish(lot, look), labels.BUILDING, LOT_LAYER)


def _finish(lot: Lot, look: PlaceLook) -> dict[str, Finish]:
    facade = pick(look.facades, (lot.dice[2] * 7.3 + lot.dice[0]) % 1)
    trim = pick(look.trims, lot.dice[3])
    sign = pick((*look.signs, look.tram, (0.2, 0.22, 0.26)), (lot.dice[1] * 5.7) % 1)
    return {
        "wall": Finish(facade),
        "trim": Finish(trim),
        "base": Finish(_scaled(facade, 0.86)),
        "sign": Finish(sign),
        "roof": Finish(pick(look.roofs, (lot.dice[3] * 3.1) % 1)),
        "cornice": Finish(_scaled(trim, 0.95)),
        "iron": Finish((0.22, 0.23, 0.25)),
        "stripe": Finish((0.95, 0.94, 0.9)),
    }


def _scaled(color: Color, factor: float) -> Color:
    return color[0] * factor, color[1] * factor, color[2] * factor


def _awnings(sculptor: Sculptor, front: Quad, lot: Lot) -> None:
    """Striped awnings that slant over the sidewalk."""
    if lot.dice[3] < 0.45:
        return
    z_low, z_high = sorted((front[0][2], front[1][2]))
    x = front[0][0]
    reach = -lot.side * 1.1
    sculptor.piece()
    z = z_low + 0.8
    while z + 3.0 < z_high:
        near, far = (x + reach, 2.45, z), (x + reach, 2.45, z + 2.8)
        top_far, top_near = (x, 3.05, z + 2.8), (x, 3.05, z)
        up = (-lot.side * 0.45, 0.9, 0.0)
        sculptor.card([near, far, top_far, top_near], Skin("sign", "stripe", "awning"), normal=up)
        z += 4.2


def _balconies(sculptor: Sculptor, front: Quad, lot: Lot, height: float) -> None:
    if lot.dice[0] < 0.7 or lot.n_floors < 2:
        return
    z_low, z_high = sorted((front[0][2], front[1][2]))
    x = front[0][0]
    outer = x - lot.side * 0.9
    for y in range(1, lot.n_floors):
        floor_y = _GROUND_FLOOR_M + (y - 1) * FLOOR_M + 0.2
        if floor_y + 1 > height:
            break
        z = z_low + 1.0 + 3 * ((lot.dice[1] * 4) % 1)
        sculptor.piece()
        low_x, high_x = sorted((x, outer))
        end = min(z + 2.6, z_high)
        sculptor.box(
            (low_x, floor_y, z), (high_x, floor_y + 0.9, end), Skin("iron", "wall", "bars")
        )


def _roof(
    sculptor: Sculptor,
    rect: tuple[float, float, float, float],
    height: float,
    lot: Lot,
    look: PlaceLook,
) -> None:
    x0, x1, z0, z1 = rect
    shape = "gable" if lot.use == "house" and look.roof_shape == "flat" else look.roof_shape
    eaves = (x0 - 0.3, x1 + 0.3, z0, z1)
    sculptor.piece()
    sculptor.frustum(eaves, height - 0.1, eaves, height + 0.35, Skin("cornice"))
    roof = Skin("roof", texture="roof")
    middle_x, middle_z, y = (x0 + x1) / 2, (z0 + z1) / 2, height + 0.35
    sculptor.piece()
    if shape == "gable":
        high = (middle_x - 0.05, middle_x + 0.05, z0, z1)
        quads = sculptor.frustum(eaves, y, high, y + 3.2, roof)
        for name in ("front", "back"):
            sculptor.panel(quads[name], (0, 0, 1, 1), Skin("wall"))
    elif shape == "hip":
        high = (middle_x - 0.4, middle_x + 0.4, z0 + 3, z1 - 3)
        sculptor.frustum(eaves, y, high, y + 2.8, roof)
    elif shape == "mansard":
        high = (x0 + 1.6, x1 - 1.6, z0 + 0.8, z1 - 0.8)
        sides = sculptor.frustum(eaves, y, high, y + 2.6, roof)
        _dormers(sculptor, sides["left" if lot.side > 0 else "right"])
    elif shape == "front":
        high = (x0, x1, middle_z - 0.05, middle_z + 0.05)
        quads = sculptor.frustum(eaves, y, high, y + 3.4, roof)
        for name in ("left", "right"):
            sculptor.panel(quads[name], (0, 0, 1, 1), Skin("wall"))
            sculptor.panel(quads[name], (0.42, 0.1, 0.58, 0.45), Skin("trim"))
    else:
        sculptor.box((x0, y, z0), (x1, y + 0.3, z1), Skin("wall"))
    _chimney(sculptor, middle_x, z0 + (z1 - z0) * lot.dice[1], y, shape)


def _dormers(sculptor: Sculptor, side: Quad) -> None:
    for k in range(3):
        left = 0.14 + 0.28 * k
        dormer = sculptor.panel(side, (left, 0.12, left + 0.15, 0.75), Skin("cornice"))
        sculptor.panel(dormer, (0.2, 0.15, 0.8, 0.85), Skin("iron", glow="window"))


def _chimney(sculptor: Sculptor, x: float, z: float, y: float, shape: str) -> None:
    height = 1.4 if shape == "flat" else 4.0
    sculptor.piece()
    sculptor.box((x - 0.5, y, z), (x + 0.5, y + height, z + 0.9), Skin("base"))


def _skyline(layout: Layout, look: PlaceLook) -> list[Item]:
    """A row of buildings across the end of the street."""
    items = []
    dice = [value for lot in layout.lots for value in lot.dice]
    x = -70.0
    for k in range(9):
        a, b, c, d = (dice[(4 * k + j) % len(dice)] for j in range(4))
        width = 10 + 12 * a
        height = (8 + 16 * b) * look.floor_scale
        sculptor = Sculptor()
        texture = f"{pick(look.materials, c)}/{pick(look.windows, d)}"
        sculptor.box((x, 0, 128), (x + width, height, 150), Skin("wall", "trim", texture))
        lot = Lot("building", 1, 0, 1, 0, 1, (a, b, c, d))
        items.append(
            Item(
                sculptor.mesh(), _finish(lot, look), labels.BUILDING, VISTA_LAYER, has_shadow=False
            )
        )
        x += width
    return items
