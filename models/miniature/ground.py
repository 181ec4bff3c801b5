"""The ground: land, sidewalks, curbs, the road and all that is painted on it."""

from collections.abc import Callable

import numpy as np

from models.miniature import labels
from models.miniature.layout import Layout, Roadway
from models.miniature.look import PlaceLook
from models.miniature.mesh import Color, Finish, Item, Point, Skin
from models.miniature.sculptor import Sculptor
from models.miniature.streams import stream

GROUND_LAYER = 1
_DEPTHS = (1.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0, 80.0, 110.0, 150.0, 220.0)
_UP: Point = (0.0, 1.0, 0.0)
CURB_M = 0.14


def ground_items(layout: Layout, look: PlaceLook, seed: int) -> list[Item]:
    """Land, sidewalks and roadway, each an item, in the order in which they cover one another."""
    roadway = layout.roadway
    drawn: list[tuple[int, Callable[[Sculptor], None]]] = [
        (labels.TERRAIN, lambda s: _strip(s, -400, 400, 0.0, Skin("grass", texture="grass"))),
        (labels.SIDEWALK, lambda s: _yards(s, layout)),
        (labels.TERRAIN, lambda s: _verges(s, roadway)),
        (labels.SIDEWALK, lambda s: _sidewalks(s, roadway)),
        (labels.ROAD, lambda s: _road(s, roadway, seed)),
    ]
    if roadway.track_x is not None and roadway.is_track_green:
        drawn.append((labels.TERRAIN, lambda s: _green_track(s, roadway)))
    finish = _finishes(look)
    return [_item(label, draw, finish) for label, draw in drawn]


def _item(label: int, draw: Callable[[Sculptor], None], finish: dict[str, Finish]) -> Item:
    sculptor = Sculptor()
    # A far speck of paint keeps an item that draws nothing (no yards, no verges) a valid mesh.
    _quad(sculptor, (0.0, 0.001), (400.0, 400.001), 0.0, Skin("grass"))
    draw(sculptor)
    return Item(sculptor.mesh(), finish, label, GROUND_LAYER, has_shadow=False)


def _finishes(look: PlaceLook) -> dict[str, Finish]:
    dark_road = _mixed(look.road, (0.0, 0.0, 0.0), 0.14)
    return {
        "road": Finish(look.road, look.road_texture),
        "patch": Finish(dark_road, look.road_texture),
        "bike lane": Finish(_mixed(look.road, (0.62, 0.25, 0.18), 0.45), look.road_texture),
        "mark": Finish(_mixed(look.marks, look.road, 0.12), "asphalt"),
        "iron": Finish((0.26, 0.25, 0.26)),
        "rail": Finish((0.62, 0.62, 0.65)),
        "sidewalk": Finish(look.sidewalk, "paving"),
        "curb": Finish(_mixed(look.sidewalk, (1.0, 1.0, 1.0), 0.25)),
        "gutter": Finish(_mixed(look.road, (0.0, 0.0, 0.0), 0.25)),
        "grass": Finish(look.grass, "grass"),
    }


def _mixed(a: Color, b: Color, share: float) -> Color:
    r, g, blue = (x * (1 - share) + y * share for x, y in zip(a, b, strict=True))
    return r, g, blue


def _strip(sculptor: Sculptor, left: float, right: float, y: float, skin: Skin) -> None:
    """A level band along the whole street, with corners enough to follow its bend."""
    near_to_far = [(left, y, z) for z in _DEPTHS]
    back = [(right, y, z) for z in reversed(_DEPTHS)]
    sculptor.face([*near_to_far, *back], skin, normal=_UP)


def _quad(
    sculptor: Sculptor, x: tuple[float, float], z: tuple[float, float], y: float, skin: Skin
) -> None:
    (x0, x1), (z0, z1) = x, z
    sculptor.face([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)], skin, normal=_UP)


def _yards(sculptor: Sculptor, layout: Layout) -> None:
    """Paved land around buildings; parks, gardens and the like keep their grass."""
    for lot in layout.lots:
        if lot.use == "building":
            line = layout.roadway.lot_line(lot.side)
            x = (line, line + lot.side * 16.0)
            _quad(sculptor, x, (lot.start, lot.end), 0.0, Skin("sidewalk", texture="paving"))


def _verges(sculptor: Sculptor, roadway: Roadway) -> None:
    for side, width in zip((-1, 1), roadway.verge_width, strict=True):
        edge = roadway.right if side > 0 else roadway.left
        if width:
            _strip(sculptor, edge, edge + side * width, CURB_M, Skin("grass", texture="grass"))


def _sidewalks(sculptor: Sculptor, roadway: Roadway) -> None:
    for side, verge in zip((-1, 1), roadway.verge_width, strict=True):
        edge = roadway.right if side > 0 else roadway.left
        start = edge + side * verge
        _strip(sculptor, start, roadway.lot_line(side), CURB_M, Skin("sidewalk", texture="paving"))
        curb = edge + side * 0.18
        _strip(sculptor, edge, curb, CURB_M, Skin("curb"))
        face = [(edge, 0.0, z) for z in _DEPTHS] + [(edge, CURB_M, z) for z in reversed(_DEPTHS)]
        sculptor.card(face, Skin("gutter"), normal=(float(-side), 0.0, 0.0))


def _road(sculptor: Sculptor, roadway: Roadway, seed: int) -> None:
    _strip(sculptor, roadway.left, roadway.right, 0.0, Skin("road", texture="asphalt"))
    _patches(sculptor, roadway, stream(seed, "patches"))
    if roadway.bike_lane:
        edge = roadway.right - roadway.parking_width[1]
        _strip(sculptor, edge - roadway.bike_lane, edge, 0.0, Skin("bike lane"))
    if roadway.track_x is not None and not roadway.is_track_green:
        _rails(sculptor, roadway.track_x)
    _lane_marks(sculptor, roadway)
    if roadway.crossing_z is not None:
        _crosswalk(sculptor, roadway, roadway.crossing_z)


def _patches(sculptor: Sculptor, roadway: Roadway, rng: np.random.Generator) -> None:
    """Repaired asphalt and manhole covers."""
    for _ in range(int(rng.integers(1, 5))):
        x = float(rng.uniform(roadway.left, roadway.right - 1.5))
        z = float(rng.uniform(5, 22))
        x_end = min(x + float(rng.uniform(1, 3)), roadway.right)
        _quad(sculptor, (x, x_end), (z, z + float(rng.uniform(1.5, 6))), 0.0, Skin("patch"))
    for _ in range(2):
        x, z = float(rng.uniform(roadway.left + 1, roadway.right - 1)), float(rng.uniform(6, 14))
        cover = [
            (x + 0.33 * np.cos(a), 0.0, z + 0.33 * np.sin(a)) for a in np.arange(12) * np.pi / 6
        ]
        sculptor.face(cover, Skin("iron"), normal=_UP)


def _lane_marks(sculptor: Sculptor, roadway: Roadway) -> None:
    """Dashes between lanes, solid lines at the edges, a double line between the directions."""
    inner = [edge for edge in roadway.lane_edges[1:-1] if abs(edge) > 0.1]
    mark = Skin("mark")
    for edge in inner:
        for z in np.arange(4.0, 90.0, 7.5):
            _quad(sculptor, (edge - 0.09, edge + 0.09), (float(z), float(z) + 3.2), 0.0, mark)
    for edge in (roadway.lane_edges[0] + 0.12, roadway.lane_edges[-1] - 0.12):
        _strip(sculptor, edge - 0.07, edge + 0.07, 0.0, mark)
    if roadway.lane_edges[0] < 0:
        for edge in (-0.14, 0.14):
            _strip(sculptor, edge - 0.06, edge + 0.06, 0.0, mark)


def _crosswalk(sculptor: Sculptor, roadway: Roadway, z: float) -> None:
    right = roadway.lane_edges[-1]
    _quad(sculptor, (0.2, right), (z - 1.6, z - 1.1), 0.0, Skin("mark"))
    for x in np.arange(roadway.left + 0.3, roadway.right - 0.5, 1.05):
        _quad(sculptor, (float(x), float(x) + 0.55), (z, z + 3.0), 0.0, Skin("mark"))


def _rails(sculptor: Sculptor, track_x: float) -> None:
    for x in (track_x - 0.72, track_x + 0.72):
        _strip(sculptor, x - 0.16, x + 0.16, 0.0, Skin("gutter"))
        _strip(sculptor, x - 0.06, x + 0.06, 0.0, Skin("rail"))


def _green_track(sculptor: Sculptor, roadway: Roadway) -> None:
    track_x = roadway.track_x or 0.0
    _strip(sculptor, track_x - 2.0, track_x + 2.0, 0.06, Skin("curb"))
    _strip(sculptor, track_x - 1.85, track_x + 1.85, 0.08, Skin("grass", texture="grass"))
    _rails(sculptor, track_x)
