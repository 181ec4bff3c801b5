"""Where OOD objects stand on the road: near enough to be seen, and clear of everything else."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.miniature import labels
from models.miniature.camera import Camera
from models.miniature.layout import Layout, Roadway
from models.miniature.mesh import Item, Mesh
from models.miniature.objects.catalog import object_mesh
from models.miniature.objects.donors import donor_finish
from models.miniature.objects.obstacles import Obstacles
from models.miniature.ordering import STANDING_LAYER
from models.miniature.places import LOOKS
from models.miniature.streams import stream
from models.miniature.traffic import APRON_M
from models.miniature.world import HEIGHT, WIDTH, SceneSpec

TARGET_PX = (280.0, 2100.0)  # area of an object's outline box, drawn log-uniformly
_LOG_TARGET_PX = np.log(TARGET_PX).tolist()
FARTHEST_M = 20.0
N_TRIES = 80
_ROOTED = (labels.VEGETATION, labels.POLE)


def object_items(spec: SceneSpec, layout: Layout, items: Sequence[Item]) -> list[Item]:
    """An item for each object kind of the spec; `items` are what already stands there."""
    # Trees and lamps differ by place and stand beside the road: they must not move an object.
    standing = [
        item for item in items if item.layer == STANDING_LAYER and item.label not in _ROOTED
    ]
    obstacles = Obstacles(standing, layout.camera)
    placed: list[Item] = []
    for index, kind in enumerate(spec.object_kinds):
        rng = stream(spec.seed, f"object {index} {kind}")
        mesh = object_mesh(kind, rng)
        grown = float(rng.uniform(1.0, 1.3))
        item = Item(
            mesh,
            donor_finish(mesh, LOOKS[spec.place], stream(spec.seed, f"finish {index} {kind}")),
            labels.UNLABELED,
            STANDING_LAYER,
            yaw=float(rng.normal(0, 0.55)) + (math.pi if rng.random() < 0.15 else 0.0),
            scale=(grown, grown, grown),
            object_index=index,
        )
        placed.append(_settled(item, layout, obstacles, rng))
        obstacles = obstacles.with_object(placed[-1], layout.camera)
    return placed


def _settled(item: Item, layout: Layout, obstacles: Obstacles, rng: np.random.Generator) -> Item:
    """The item at the best of some random places on the road."""
    best, least = item, math.inf
    for attempt in range(N_TRIES):
        candidate = _candidate(item, layout, attempt / N_TRIES, rng)
        cost = obstacles.cost(candidate, layout.camera)
        if cost < least:
            best, least = candidate, cost
        if cost == 0:
            break
    return best


def _candidate(item: Item, layout: Layout, need: float, rng: np.random.Generator) -> Item:
    """The item at a random place; `need` runs from 0 to 1 with the tries that failed.

    In need it is smaller and stands before all cars of our lane, at last even on a sidewalk: boats
    and beds soon fill a narrow street.
    """
    camera = layout.camera
    shrunk = 0.75 if need >= 0.5 else 1.0
    scale = item.scale[0] * shrunk
    width, height = _outline_m(item.mesh, scale)
    target = math.exp(float(rng.uniform(*_LOG_TARGET_PX)))
    z = camera.focal_px * math.sqrt(width * height / target) * float(rng.uniform(0.9, 1.1))
    rows_below = HEIGHT - 4 - camera.horizon_y
    nearest = camera.focal_px * camera.height / rows_below + 0.4 + 0.3 * width
    z = float(rng.uniform(nearest, APRON_M)) if need >= 0.5 else min(max(z, nearest), FARTHEST_M)
    x = _random_x(layout.roadway, camera, z, width, need, rng)
    return replace(item, x=x, z=z, scale=(scale, scale, scale))


def _random_x(
    roadway: Roadway, camera: Camera, z: float, width: float, need: float, rng: np.random.Generator
) -> float:
    """A place across the road, in sight at depth z; the grass of a tram track is no road."""
    left, right = (0.0 if roadway.is_track_green else roadway.left), roadway.right
    if need >= 0.75:
        left, right = roadway.lot_line(-1), roadway.lot_line(1)
    in_sight = 0.42 * WIDTH * z / camera.focal_px
    low = max(left + width / 2, camera.x - in_sight)
    high = min(right - width / 2, camera.x + in_sight)
    return float(rng.uniform(low, high)) if low < high else (low + high) / 2


def _outline_m(mesh: Mesh, scale: float) -> tuple[float, float]:
    """Width and height of the mesh in meters; the width is that of a slanting view."""
    size = (mesh.high - mesh.low) * scale
    return float(0.8 * size[0] + 0.3 * size[2]), float(size[1])
