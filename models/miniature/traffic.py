"""Who moves or parks on the street: vehicles, two-wheelers and persons, seeded."""

import math

import numpy as np

from models.miniature.camera import Camera
from models.miniature.layout import Roadway, Thing
from models.miniature.streams import pick_by_share

N_VARIANTS = 12
APRON_M = 12.0  # our own lane stays free up to here, so that an object finds room
_LENGTH_M = {"car": 4.4, "truck": 8.0, "bus": 11.0, "motorcyclist": 2.2, "cyclist": 1.8}
_LANE_KINDS = ("car", "truck", "bus", "motorcyclist", "cyclist")
_LANE_SHARES = (0.62, 0.13, 0.10, 0.10, 0.05)


def traffic(rng: np.random.Generator, roadway: Roadway, camera: Camera) -> list[Thing]:
    """Vehicles in all lanes, at the curb, and a train where there is a track."""
    things: list[Thing] = []
    lanes = list(zip(roadway.lane_edges, roadway.lane_edges[1:], strict=False))
    for left, right in lanes:
        middle = (left + right) / 2
        is_track = roadway.track_x is not None and left < roadway.track_x < right
        if not is_track:
            things += _lane_traffic(rng, middle, camera)
    things += _parked(rng, roadway)
    things += _two_wheelers(rng, roadway)
    if roadway.track_x is not None and rng.random() < 0.85:
        z = float(rng.uniform(9, 26)) + 13
        things.append(_thing(rng, "train", roadway.track_x, z))
    if roadway.crossing_z is not None and rng.random() < 0.25:
        things.append(_across(rng, camera, roadway))
    return things


def _lane_traffic(rng: np.random.Generator, x: float, camera: Camera) -> list[Thing]:
    """Vehicles of one lane from near to far; those of our direction show their backs."""
    is_oncoming = x < 0
    is_own = abs(x - camera.x) < 1.6
    z = APRON_M + float(rng.exponential(8.0)) if is_own else 5.5 + float(rng.exponential(9.0))
    things: list[Thing] = []
    while z < 75 and len(things) < 4:
        kind = pick_by_share(rng, _LANE_KINDS, _LANE_SHARES)
        length = _LENGTH_M[kind]
        yaw = (0.0 if is_oncoming else math.pi) + float(rng.normal(0, 0.04))
        shift = float(rng.normal(0, 0.15)) * (3 if length < 3 else 1)
        things.append(_thing(rng, kind, x + shift, z + length / 2, yaw=yaw))
        z += length + 4 + float(rng.exponential(16.0))
    return things


def _parked(rng: np.random.Generator, roadway: Roadway) -> list[Thing]:
    things: list[Thing] = []
    for side, width in zip((-1, 1), roadway.parking_width, strict=True):
        edge = roadway.right if side > 0 else roadway.left
        z = float(rng.uniform(6, 11))
        while width and z < 60 and len(things) < 9:
            kind = "truck" if rng.random() < 0.1 else "car"
            if rng.random() < 0.62:
                yaw = math.pi if side > 0 else 0.0
                x = edge - side * width / 2
                things.append(_thing(rng, kind, x, z + _LENGTH_M[kind] / 2, yaw=yaw))
            z += _LENGTH_M[kind] + float(rng.uniform(1.0, 2.5))
    return things


def _two_wheelers(rng: np.random.Generator, roadway: Roadway) -> list[Thing]:
    """Riders beside the cars, and bicycles and motorcycles parked on the sidewalks."""
    things: list[Thing] = []
    for kind, chance in (("cyclist", 0.36), ("motorcyclist", 0.16)):
        if rng.random() < chance:
            side = 1 if rng.random() < 0.65 else -1
            edge = (
                roadway.right - roadway.parking_width[1]
                if side > 0
                else roadway.left + roadway.parking_width[0]
            )
            yaw = (math.pi if side > 0 else 0.0) + float(rng.uniform(-0.6, 0.6))
            z = float(rng.uniform(8, 20))
            things.append(_thing(rng, kind, edge - side * 0.9, z, yaw=yaw))
    for kind, chance in (("bicycle", 0.45), ("motorcycle", 0.34)):
        if rng.random() < chance:
            side = 1 if rng.random() < 0.5 else -1
            edge = roadway.right if side > 0 else roadway.left
            first = float(rng.uniform(9, 19))
            n_parked = int(rng.integers(1, 4))
            yaw = float(rng.choice([0.5, 1.0, 1.4, -0.7])) * side
            for k in range(n_parked):
                x = edge + side * float(rng.uniform(0.7, 1.2))
                things.append(_thing(rng, kind, x, first + k * 1.1, yaw=yaw))
    return things


def _across(rng: np.random.Generator, camera: Camera, roadway: Roadway) -> Thing:
    """A car or a rider that crosses behind the crosswalk, seen from the side."""
    kind = str(rng.choice(["car", "cyclist", "motorcyclist"]))
    yaw = math.pi / 2 * (1 if rng.random() < 0.5 else -1)
    z = (roadway.crossing_z or 0.0) + 5.5
    return _thing(rng, kind, camera.x + float(rng.uniform(-4, 4)), z, yaw=yaw)


def crowd(rng: np.random.Generator, roadway: Roadway) -> list[Thing]:
    """Persons on both sidewalks, in small groups, and some on the crosswalk."""
    things: list[Thing] = []
    for side in (-1, 1):
        edge = roadway.right if side > 0 else roadway.left
        width = abs(roadway.lot_line(side) - edge)
        for _ in range(int(rng.integers(1, 4))):
            x = edge + side * float(rng.uniform(0.5, max(width - 0.4, 0.6)))
            z = 7 + float(rng.exponential(9.0))
            for k in range(int(rng.choice([1, 1, 2, 3]))):
                yaw = float(rng.choice([0.0, math.pi, 0.5, -0.5, 1.5]))
                things.append(_thing(rng, "person", x + k * 0.65, z + k * 0.3, yaw=yaw, side=side))
    if roadway.crossing_z is not None:
        for _ in range(int(rng.integers(0, 4))):
            x = float(rng.uniform(roadway.left, roadway.right))
            yaw = math.pi / 2 * (1 if rng.random() < 0.5 else -1)
            z = roadway.crossing_z + 1.5 + float(rng.uniform(-0.8, 1.2))
            things.append(_thing(rng, "person", x, z, yaw=yaw))
    return things


def _thing(
    rng: np.random.Generator, kind: str, x: float, z: float, *, yaw: float = 0.0, side: int = 1
) -> Thing:
    """A thing with a shape and dice of its own; sizes vary by a few percent."""
    a, b, c, d = (float(value) for value in rng.random(4))
    width, height, length = (float(value) for value in rng.uniform(0.95, 1.07, 3))
    variant = int(rng.integers(N_VARIANTS))
    return Thing(kind, x, z, yaw, (width, height, length), variant, (a, b, c, d), side)
