"""Cars, trucks, buses and trains, built of blocks with painted panels; the front looks to -z."""

from functools import lru_cache

from models.miniature import labels
from models.miniature.layout import Thing
from models.miniature.look import PlaceLook
from models.miniature.mesh import Color, Finish, Item, Mesh, Skin, palette, rgb
from models.miniature.ordering import STANDING_LAYER
from models.miniature.sculptor import Quad, Sculptor

_PAINT, _GLASS, _DARK, _HUB = Skin("paint"), Skin("glass"), Skin("dark"), Skin("hub")
_HEAD, _TAIL = Skin("headlight", glow="headlight"), Skin("taillight", glow="taillight")
_PLATE = Skin("plate")

CAR_PAINTS = palette(
    "#c8cacc #f0f0ee #2c2f34 #7c8288 #b02a2a #26508c "
    "#d8a428 #3f6f5a #6e1f2c #5a8ab8 #8a7a5c #d86a2c"
)
TRUCK_PAINTS = palette("#e8e6e0 #c84830 #2f62a0 #e0b030 #4a7a50 #6a7078")
BUS_PAINTS = palette("#d03a34 #e8b42c #2f78b8 #f0eee8 #3a9a6a #e07a30")


def vehicle_item(thing: Thing, look: PlaceLook) -> Item:
    """The vehicle that a thing of kind car, truck, bus or train is."""
    builder, label, paints = {
        "car": (_car_mesh, labels.CAR, CAR_PAINTS),
        "truck": (_truck_mesh, labels.TRUCK, TRUCK_PAINTS),
        "bus": (_bus_mesh, labels.BUS, BUS_PAINTS),
        "train": (_train_mesh, labels.TRAIN, (look.tram,)),
    }[thing.kind]
    paint = paints[int(thing.dice[0] * len(paints))]
    second = TRUCK_PAINTS[int(thing.dice[1] * len(TRUCK_PAINTS))]
    mesh = builder(thing.variant)
    finish = _finish(paint, second)
    return Item(
        mesh, finish, label, STANDING_LAYER, thing.x, 0.0, thing.z, thing.yaw, scale=thing.size
    )


def _finish(paint: Color, second: Color) -> dict[str, Finish]:
    return {
        "paint": Finish(paint),
        "second": Finish(second),
        "roof": Finish((paint[0] * 0.92, paint[1] * 0.92, paint[2] * 0.92)),
        "glass": Finish(rgb("#27333d")),
        "window": Finish(rgb("#34444f")),
        "dark": Finish(rgb("#1c1d20")),
        "hub": Finish(rgb("#9a9da0")),
        "headlight": Finish(rgb("#f4f2e4")),
        "taillight": Finish(rgb("#b01c1c")),
        "plate": Finish(rgb("#e9e9e4")),
        "white": Finish(rgb("#f1f0ec")),
        "screen": Finish(rgb("#f0a030")),
    }


def _wheels(
    sculptor: Sculptor, half_width: float, centers: tuple[float, ...], radius: float
) -> None:
    """Wheels on both sides at the given z: tread below the body, disc and hub outside."""
    for z in centers:
        for side in (-1, 1):
            outer, inner = side * half_width, side * (half_width - 0.24)
            x0, x1 = sorted((outer, inner))
            tread = sculptor.box(
                (x0, 0.0, z - radius * 0.7), (x1, radius * 1.1, z + radius * 0.7), _DARK
            )
            cheek = tread["right" if side > 0 else "left"]
            sculptor.spot(_lifted(cheek, side * 0.02), (0.5, 0.91), radius, _DARK)
            sculptor.spot(_lifted(cheek, side * 0.03), (0.5, 0.91), radius * 0.55, _HUB)


def _lifted(quad: Quad, dx: float) -> Quad:
    a, b, c, d = ((x + dx, y, z) for x, y, z in quad)
    return a, b, c, d


def _lights(
    front: Quad, back: Quad, sculptor: Sculptor, *, y: float = 0.55, size: float = 0.2
) -> None:
    for left in (0.03, 0.97 - size):
        sculptor.panel(front, (left, y, left + size, y + 0.24), _HEAD)
        sculptor.panel(back, (left, y, left + size * 0.85, y + 0.24), _TAIL)
    for quad in (front, back):
        sculptor.panel(quad, (0.38, 0.2, 0.62, 0.36), _PLATE)


# Length, hood, trunk, height of the body and of the roof, the roof's share of the cabin.
_CARS = {
    "sedan": (4.5, 1.25, 0.75, 0.92, 1.45, 0.62),
    "hatch": (3.9, 0.95, 0.12, 0.95, 1.50, 0.72),
    "wagon": (4.6, 1.20, 0.08, 0.95, 1.52, 0.80),
    "suv": (4.6, 1.10, 0.10, 1.10, 1.78, 0.80),
    "van": (4.9, 0.75, 0.04, 1.15, 2.05, 0.86),
    "mini": (3.4, 0.70, 0.25, 0.92, 1.48, 0.62),
}


@lru_cache(maxsize=16)
def _car_mesh(variant: int) -> Mesh:
    length, hood, trunk, belt, top, share = list(_CARS.values())[variant % len(_CARS)]
    half, width = length / 2, 0.9
    sculptor = Sculptor()
    _wheels(sculptor, width, (-half + 0.85, half - 0.85), 0.34)
    low = (-width, width, -half, half)
    body = sculptor.frustum(
        low, 0.28, (-width * 0.96, width * 0.96, -half + 0.06, half - 0.05), belt, _PAINT
    )
    for name in ("front", "back"):
        sculptor.panel(body[name], (0.0, 0.0, 1.0, 0.2), _DARK)
    sculptor.panel(body["front"], (0.28, 0.42, 0.72, 0.72), _DARK)
    _lights(body["front"], body["back"], sculptor)
    for name in ("left", "right"):
        sculptor.panel(body[name], (0.0, 0.0, 1.0, 0.12), _DARK)
        sculptor.panel(body[name], (0.02, 0.55, 0.98, 0.58), Skin("roof"))
        for z in (0.85 / length, 1 - 0.85 / length):
            sculptor.spot(
                _lifted(body[name], 0.02 if name == "right" else -0.02), (z, 0.1), 0.34, _DARK
            )
            sculptor.spot(
                _lifted(body[name], 0.03 if name == "right" else -0.03), (z, 0.1), 0.19, _HUB
            )
    z0, z1 = -half + hood, half - trunk
    inset = (z1 - z0) * (1 - share)
    cabin_low = (-width * 0.93, width * 0.93, z0, z1)
    cabin_high = (-width * 0.76, width * 0.76, z0 + inset * 0.65, z1 - inset * 0.35)
    cabin = sculptor.frustum(cabin_low, belt, cabin_high, top, Skin("roof"))
    sculptor.panel(cabin["front"], (0.06, 0.06, 0.94, 0.9), _GLASS)
    sculptor.panel(cabin["back"], (0.09, 0.14, 0.91, 0.88), _GLASS)
    for name in ("left", "right"):
        for s0, s1 in ((0.08, 0.48), (0.53, 0.92)):
            sculptor.panel(cabin[name], (s0, 0.1, s1, 0.86), _GLASS)
    return sculptor.mesh()


@lru_cache(maxsize=16)
def _truck_mesh(variant: int) -> Mesh:
    """A cab and a load: box, tarpaulin, tipper or tank."""
    sculptor = Sculptor()
    length, width = (6.4, 7.6, 8.4)[variant % 3], 1.2
    half = length / 2
    sculptor.piece()
    _wheels(sculptor, width, (-half + 1.0, half - 1.3), 0.48)
    sculptor.box((-width, 0.5, -half + 0.2), (width, 0.85, half), _DARK)
    _truck_load(sculptor, variant % 4, width, -half + 2.0, half)
    sculptor.piece()
    low = (-width, width, -half, -half + 1.8)
    cab = sculptor.frustum(
        low, 0.5, (-width * 0.97, width * 0.97, -half + 0.15, -half + 1.8), 2.65, _PAINT
    )
    sculptor.panel(cab["front"], (0.06, 0.48, 0.94, 0.88), _GLASS)
    sculptor.panel(cab["front"], (0.2, 0.16, 0.8, 0.36), _DARK)
    sculptor.panel(cab["front"], (0.0, 0.0, 1.0, 0.1), _DARK)
    for left in (0.03, 0.80):
        sculptor.panel(cab["front"], (left, 0.13, left + 0.17, 0.25), _HEAD)
    for name in ("left", "right"):
        sculptor.panel(cab[name], (0.25, 0.5, 0.85, 0.86), _GLASS)
    return sculptor.mesh()


def _truck_load(sculptor: Sculptor, kind: int, width: float, z0: float, z1: float) -> None:
    height = (3.3, 3.1, 2.0, 2.7)[kind]
    texture = ("corrugated", "fabric", "plain", "plain")[kind]
    sculptor.piece()
    load = sculptor.box((-width, 0.85, z0), (width, height, z1), Skin("second", texture=texture))
    back = load["back"]
    sculptor.panel(back, (0.04, 0.06, 0.96, 0.95), Skin("second"))
    sculptor.panel(back, (0.49, 0.06, 0.51, 0.95), _DARK)
    for s in (0.3, 0.68):
        sculptor.panel(back, (s, 0.35, s + 0.02, 0.65), _HUB)
    for left in (0.02, 0.84):
        sculptor.panel(back, (left, 0.0, left + 0.14, 0.09), _TAIL)
    sculptor.panel(back, (0.4, 0.0, 0.6, 0.06), _PLATE)
    for name in ("left", "right"):
        sculptor.panel(load[name], (0.0, 0.0, 1.0, 0.05), _DARK)
        if kind < 2:
            sculptor.panel(load[name], (0.2, 0.4, 0.8, 0.62), Skin("paint"))
    if kind == 2:
        sculptor.panel(load["top"], (0.06, 0.03, 0.94, 0.97), Skin("dark", texture="ballast"))


@lru_cache(maxsize=16)
def _bus_mesh(variant: int) -> Mesh:
    sculptor = Sculptor()
    half, width, top = (5.2, 5.7, 4.4)[variant % 3], 1.27, (3.05, 3.15)[variant % 2]
    _wheels(sculptor, width, (-half + 2.2, half - 2.6), 0.48)
    low = (-width, width, -half, half)
    high = (-width * 0.97, width * 0.97, -half + 0.12, half - 0.08)
    body = sculptor.frustum(low, 0.32, high, top, _PAINT)
    second = Skin("white" if variant % 2 else "second")
    front, back = body["front"], body["back"]
    sculptor.panel(front, (0.05, 0.36, 0.95, 0.82), _GLASS)
    sculptor.panel(front, (0.49, 0.36, 0.51, 0.82), _DARK)
    sculptor.panel(front, (0.14, 0.85, 0.86, 0.96), _DARK)
    sculptor.panel(front, (0.2, 0.87, 0.8, 0.94), Skin("screen", glow="screen"))
    sculptor.panel(back, (0.1, 0.5, 0.9, 0.86), _GLASS)
    sculptor.panel(back, (0.2, 0.14, 0.8, 0.36), _DARK)
    for left in (0.03, 0.81):
        sculptor.panel(front, (left, 0.12, left + 0.16, 0.22), _HEAD)
        sculptor.panel(back, (left, 0.16, left + 0.12, 0.34), _TAIL)
    for quad in (front, back):
        sculptor.panel(quad, (0.0, 0.0, 1.0, 0.07), _DARK)
        sculptor.panel(quad, (0.4, 0.07, 0.6, 0.12), _PLATE)
    for name in ("left", "right"):
        side = body[name]
        sculptor.panel(side, (0.0, 0.0, 1.0, 0.1), second)
        _window_row(sculptor, side, n_windows=7, t=(0.45, 0.86))
        for z in (2.2, 2 * half - 2.6):
            sculptor.spot(
                _lifted(side, 0.02 if name == "right" else -0.02),
                (z / (2 * half), 0.05),
                0.48,
                _DARK,
            )
            sculptor.spot(
                _lifted(side, 0.03 if name == "right" else -0.03),
                (z / (2 * half), 0.05),
                0.26,
                _HUB,
            )
        sculptor.panel(side, (0.12, 0.04, 0.2, 0.84), _GLASS)
    return sculptor.mesh()


def _window_row(sculptor: Sculptor, side: Quad, *, n_windows: int, t: tuple[float, float]) -> None:
    sculptor.panel(side, (0.02, t[0], 0.98, t[1]), _DARK)
    for k in range(n_windows):
        left = 0.03 + 0.94 * k / n_windows
        right = left + 0.94 / n_windows - 0.014
        sculptor.panel(side, (left, t[0] + 0.02, right, t[1] - 0.02), Skin("window", glow="window"))


@lru_cache(maxsize=16)
def _train_mesh(variant: int) -> Mesh:
    """A tram of two or three cars with a sloping nose, a stripe and pantographs."""
    sculptor = Sculptor()
    n_cars, width, top = 2 + variant % 2, 1.25, 3.4
    length = 24.0 / n_cars
    for k in range(n_cars):
        z0 = -12.0 + k * length
        sculptor.piece()
        nose = 0.7 if k == 0 else 0.0
        tail = 0.7 if k == n_cars - 1 else 0.0
        _tram_car(sculptor, (z0 + 0.15, z0 + length - 0.15), (nose, tail), width, top)
        if k % 2 == 0:
            _pantograph(sculptor, z0 + length * 0.55, top)
    return sculptor.mesh()


def _tram_car(
    sculptor: Sculptor, z: tuple[float, float], slope: tuple[float, float], width: float, top: float
) -> None:
    z0, z1 = z
    sculptor.box((-width * 0.9, 0.0, z0 + 0.5), (width * 0.9, 0.35, z1 - 0.5), _DARK)
    low, high = (-width, width, z0, z1), (-width * 0.94, width * 0.94, z0 + slope[0], z1 - slope[1])
    body = sculptor.frustum(low, 0.25, high, top, Skin("white"))
    for name in ("front", "back", "left", "right"):
        sculptor.panel(body[name], (0.0, 0.05, 1.0, 0.36), _PAINT)
        sculptor.panel(body[name], (0.0, 0.92, 1.0, 1.0), _PAINT)
    for name in ("left", "right"):
        _window_row(sculptor, body[name], n_windows=6, t=(0.42, 0.86))
        sculptor.panel(body[name], (0.44, 0.06, 0.56, 0.86), _GLASS)
    for name, is_end in (("front", slope[0] > 0), ("back", slope[1] > 0)):
        if is_end:
            sculptor.panel(body[name], (0.06, 0.4, 0.94, 0.84), _GLASS)
            sculptor.panel(body[name], (0.25, 0.86, 0.75, 0.94), Skin("screen", glow="screen"))
            light = _HEAD if name == "front" else _TAIL
            for left in (0.08, 0.76):
                sculptor.panel(body[name], (left, 0.16, left + 0.16, 0.26), light)


def _pantograph(sculptor: Sculptor, z: float, top: float) -> None:
    sculptor.tube((0, top, z - 0.6), (0, top + 0.7, z), 0.05, _DARK)
    sculptor.tube((0, top + 0.7, z), (0, top + 1.3, z - 0.5), 0.05, _DARK)
    sculptor.tube((-0.8, top + 1.3, z - 0.5), (0.8, top + 1.3, z - 0.5), 0.05, _DARK)
