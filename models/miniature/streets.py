"""Kinds of street, and the seeded plan of one: camera, roadway, lots and everything that stands.

Every purpose draws from a stream of its own. Look, weather and time have no say here.
"""

from dataclasses import dataclass

import numpy as np

from models.miniature.camera import Camera
from models.miniature.layout import Dice, Lamps, Layout, Lot, Roadway
from models.miniature.roadside import roadside_things
from models.miniature.streams import pick_by_share, stream
from models.miniature.traffic import crowd, traffic

END_M = 115.0


@dataclass(frozen=True)
class StreetKind:
    """What streets of a kind have in common; ranges are (least, most)."""

    lanes: tuple[int, int]  # of our direction
    oncoming: tuple[int, int]
    sidewalk: tuple[float, float]
    verge_chance: float
    parking_chance: float
    track_chance: float
    uses: dict[str, float]  # weights of the uses of lots
    floors: tuple[int, int]
    setback: tuple[float, float]
    vistas: tuple[str, ...]


STREET_KINDS = {
    "avenue": StreetKind(
        (2, 2), (1, 2), (3.0, 5.0), 0.5, 0.4, 0.3,
        {"building": 10, "park": 1.5, "wall": 0.8, "fence": 0.8}, (3, 7), (0, 0.6), ("skyline",),
    ),
    "narrow": StreetKind(
        (1, 1), (0, 1), (1.6, 2.6), 0.0, 0.5, 0.1,
        {"building": 10, "wall": 1.5, "fence": 0.7}, (2, 5), (0, 0.3), ("skyline", "hills"),
    ),
    "suburb": StreetKind(
        (1, 1), (1, 1), (2.0, 3.0), 0.7, 0.3, 0.1,
        {"house": 7, "hedge": 1.5, "park": 1.5, "fence": 2.5, "wall": 1.5}, (1, 3), (3, 6),
        ("trees", "hills"),
    ),
    "parkside": StreetKind(
        (1, 2), (1, 1), (2.5, 4.0), 0.6, 0.3, 0.2,
        {"building": 5, "park": 5, "hedge": 1, "fence": 2.0, "wall": 1.0}, (2, 5), (0, 2),
        ("trees", "skyline"),
    ),
    "works": StreetKind(
        (1, 2), (1, 1), (1.8, 3.0), 0.4, 0.2, 0.3,
        {"building": 4, "wall": 4, "fence": 4, "park": 1}, (1, 3), (1, 4), ("hills", "skyline"),
    ),
    "tramway": StreetKind(
        (1, 2), (1, 1), (2.5, 4.0), 0.2, 0.3, 1.0,
        {"building": 9, "park": 1.5, "fence": 1.0, "wall": 0.8}, (3, 6), (0, 0.5),
        ("skyline", "trees"),
    ),
}  # fmt: skip
_KIND_SHARES = (0.2, 0.14, 0.2, 0.18, 0.12, 0.16)


def plan_street(seed: int) -> Layout:
    """The street of a seed: same seed, same street."""
    rng = stream(seed, "street")
    kind = STREET_KINDS[str(rng.choice(list(STREET_KINDS), p=_KIND_SHARES))]
    roadway = _plan_roadway(stream(seed, "roadway"), kind)
    camera = _plan_camera(stream(seed, "camera"), roadway)
    rng = stream(seed, "lots")
    lots = (*_plan_lots(rng, kind, -1), *_plan_lots(rng, kind, 1))
    lamps = _plan_lamps(stream(seed, "lamps"), roadway)
    things = (
        *roadside_things(stream(seed, "roadside"), roadway, lots, lamps),
        *traffic(stream(seed, "traffic"), roadway, camera),
        *crowd(stream(seed, "crowd"), roadway),
    )
    vista = str(rng.choice(kind.vistas))
    return Layout(camera, roadway, lots, things, lamps, vista)


def _plan_roadway(rng: np.random.Generator, kind: StreetKind) -> Roadway:
    n_ours = int(rng.integers(kind.lanes[0], kind.lanes[1] + 1))
    n_oncoming = int(rng.integers(kind.oncoming[0], kind.oncoming[1] + 1))
    lane = float(rng.uniform(3.0, 3.5))
    has_track = bool(rng.random() < kind.track_chance)
    is_green = bool(rng.random() < 0.5)
    track = (4.2 if is_green else 3.6) if has_track else 0.0
    bike_lane = 1.7 if rng.random() < 0.35 else 0.0
    parking = tuple(2.1 if rng.random() < kind.parking_chance else 0.0 for _ in range(2))
    verges = tuple(
        float(rng.uniform(1.4, 3.0)) if rng.random() < kind.verge_chance else 0.0 for _ in range(2)
    )
    sidewalks = tuple(float(rng.uniform(*kind.sidewalk)) for _ in range(2))
    # Our lanes lie right of x = 0, then come the bike lane and parked cars; the track lies left.
    right_lanes = [lane * k for k in range(n_ours + 1)]
    left_lanes = [-track - lane * k for k in range(n_oncoming, -1, -1)]
    crossing = float(rng.uniform(11, 24)) if rng.random() < 0.5 else None
    return Roadway(
        left=left_lanes[0] - parking[0],
        right=right_lanes[-1] + bike_lane + parking[1],
        lane_edges=(*left_lanes, *right_lanes[(0 if has_track else 1) :]),
        sidewalk_width=(sidewalks[0], sidewalks[1]),
        verge_width=(verges[0], verges[1]),
        parking_width=(parking[0], parking[1]),
        track_x=-track / 2 if has_track else None,
        is_track_green=has_track and is_green,
        crossing_z=crossing,
        bike_lane=bike_lane,
    )


def _plan_camera(rng: np.random.Generator, roadway: Roadway) -> Camera:
    lanes = [edge for edge in roadway.lane_edges if edge >= 0]
    k = int(rng.integers(0, len(lanes) - 1))
    return Camera(
        x=float((lanes[k] + lanes[k + 1]) / 2 + rng.uniform(-0.4, 0.4)),
        height=float(rng.uniform(1.45, 2.1)),
        focal_px=float(rng.uniform(195, 245)),
        center_x=float(128 + rng.uniform(-26, 26)),
        horizon_y=float(rng.uniform(50, 64)),
        bend=float(rng.normal(0, 0.0011)),
    )


def _plan_lots(rng: np.random.Generator, kind: StreetKind, side: int) -> list[Lot]:
    """Lots one after another along a side; alike neighbors are likely, and a few lots are gaps."""
    uses = list(kind.uses)
    shares = [weight / sum(kind.uses.values()) for weight in kind.uses.values()]
    lots: list[Lot] = []
    z = float(rng.uniform(1.0, 4.0))
    use = pick_by_share(rng, uses, shares)
    floors = float(rng.uniform(*kind.floors))
    while z < END_M:
        length = float(rng.uniform(9, 18)) * (1.5 if use == "park" else 1.0)
        n_floors = round(floors + rng.normal(0, 0.8))
        n_floors = min(max(n_floors, kind.floors[0]), kind.floors[1])
        setback = float(rng.uniform(*kind.setback))
        lots.append(Lot(use, side, z, z + length, setback, n_floors, _dice(rng)))
        z += length + (float(rng.uniform(4, 8)) if rng.random() < 0.1 else 0.0)
        if rng.random() < 0.6:
            use = pick_by_share(rng, uses, shares)
    return lots


def _plan_lamps(rng: np.random.Generator, roadway: Roadway) -> Lamps:
    return Lamps(
        x=(roadway.left - 0.5, roadway.right + 0.5),
        first=float(rng.uniform(8, 16)),
        spacing=float(rng.uniform(18, 26)),
        height=float(rng.uniform(5.0, 7.0)),
    )


def _dice(rng: np.random.Generator) -> Dice:
    a, b, c, d = rng.random(4)
    return float(a), float(b), float(c), float(d)
