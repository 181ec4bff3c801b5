"""Bicycles and motorcycles, ridden or parked; the front wheel is at -z."""

from functools import lru_cache

from models.miniature import labels
from models.miniature.layout import Thing
from models.miniature.mesh import Finish, Item, Mesh, Skin, rgb
from models.miniature.ordering import STANDING_LAYER
from models.miniature.people import CLOTHES, RIDDEN_SCALE, wheel_outline
from models.miniature.sculptor import Sculptor

_FRAME, _TIRE, _METAL = Skin("frame"), Skin("tire"), Skin("metal")


def two_wheeler_item(thing: Thing) -> Item:
    """The bicycle or motorcycle that a thing is, or that its rider sits on."""
    is_bicycle = thing.kind in ("bicycle", "cyclist")
    mesh = _bicycle_mesh() if is_bicycle else _motorcycle_mesh()
    paint = CLOTHES[int(thing.dice[3] * 3.7 * len(CLOTHES)) % len(CLOTHES)]
    finish = {
        "frame": Finish(paint),
        "tire": Finish(rgb("#1f1f22")),
        "metal": Finish(rgb("#8c9094")),
        "seat": Finish(rgb("#2c2522")),
        "headlight": Finish(rgb("#f2efdc")),
        "taillight": Finish(rgb("#c02420")),
    }
    label = labels.BICYCLE if is_bicycle else labels.MOTORCYCLE
    return Item(
        mesh, finish, label, STANDING_LAYER, thing.x, 0.0, thing.z, thing.yaw, scale=RIDDEN_SCALE
    )


def _wheel(sculptor: Sculptor, z: float, radius: float, tire: float, width: float) -> None:
    """A wheel that is a ring from the side and a narrow block from the front."""
    for x in (-width, width):
        sculptor.card(wheel_outline(radius, radius - tire, radius, z, x), _TIRE)
    for y_low, y_high in ((0.0, tire * 2), (radius * 2 - tire * 2, radius * 2)):
        reach = radius * 0.4
        sculptor.box((-width, y_low, z - reach), (width, y_high, z + reach), _TIRE)
    sculptor.box(
        (-width, radius * 0.3, z - radius), (width, radius * 1.7, z - radius + tire), _TIRE
    )
    sculptor.box(
        (-width, radius * 0.3, z + radius - tire), (width, radius * 1.7, z + radius), _TIRE
    )


@lru_cache(maxsize=1)
def _bicycle_mesh() -> Mesh:
    sculptor = Sculptor()
    radius, front, rear = 0.35, -0.52, 0.52
    for z in (front, rear):
        sculptor.piece()
        _wheel(sculptor, z, radius, 0.075, 0.035)
    sculptor.piece()
    crank, seat, head = (0.0, 0.3, 0.05), (0.0, 0.88, 0.22), (0.0, 0.84, -0.36)
    for start, end in (
        (crank, seat), (crank, head), (head, (0.0, 0.78, 0.18)), (crank, (0.0, radius, rear)),
        (seat, (0.0, radius, rear)), (head, (0.0, radius, front)),
    ):  # fmt: skip
        sculptor.tube(start, end, 0.04, _FRAME)
    sculptor.tube((-0.3, 1.0, -0.34), (0.3, 1.0, -0.34), 0.04, _METAL)
    sculptor.tube(head, (0.0, 1.0, -0.34), 0.04, _METAL)
    sculptor.box((-0.1, 0.88, 0.1), (0.1, 0.95, 0.38), Skin("seat"))
    sculptor.box((-0.04, 0.66, 0.8), (0.04, 0.76, 0.86), Skin("taillight", glow="taillight"))
    sculptor.box((-0.05, 0.8, -0.5), (0.05, 0.9, -0.42), Skin("headlight", glow="headlight"))
    return sculptor.mesh()


@lru_cache(maxsize=1)
def _motorcycle_mesh() -> Mesh:
    sculptor = Sculptor()
    radius, front, rear = 0.33, -0.72, 0.66
    for z in (front, rear):
        sculptor.piece()
        _wheel(sculptor, z, radius, 0.14, 0.085)
    sculptor.piece()
    sculptor.box((-0.18, 0.26, -0.32), (0.18, 0.56, 0.34), _METAL)
    sculptor.frustum((-0.2, 0.2, -0.46, 0.1), 0.56, (-0.13, 0.13, -0.36, 0.06), 0.92, _FRAME)
    sculptor.box((-0.15, 0.66, 0.06), (0.15, 0.8, 0.62), Skin("seat"))
    sculptor.frustum((-0.14, 0.14, 0.5, 0.98), 0.56, (-0.08, 0.08, 0.62, 0.98), 0.84, _FRAME)
    for x in (-0.09, 0.09):
        sculptor.tube((x, 0.88, -0.48), (x, radius, front), 0.045, _METAL)
    sculptor.tube((-0.36, 1.02, -0.4), (0.36, 1.02, -0.4), 0.045, Skin("tire"))
    sculptor.frustum((-0.17, 0.17, -0.74, -0.44), 0.76, (-0.12, 0.12, -0.6, -0.44), 1.12, _FRAME)
    sculptor.box((-0.11, 0.8, -0.78), (0.11, 0.98, -0.68), Skin("headlight", glow="headlight"))
    sculptor.box((-0.1, 0.68, 0.94), (0.1, 0.8, 1.0), Skin("taillight", glow="taillight"))
    sculptor.tube((0.2, 0.3, 0.0), (0.2, 0.36, 0.86), 0.06, _METAL)
    return sculptor.mesh()
