"""A room from its spec: floor, walls, ceiling, rug and paintings, and objects on the floor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, UInt8

from models.miniature import labels
from models.miniature.annotation import PlacedObject, annotate, placed_objects
from models.miniature.canvas import paint
from models.miniature.develop import develop, reduce
from models.miniature.layout import Lamps
from models.miniature.light import Air
from models.miniature.mesh import Item
from models.miniature.objects.catalog import object_mesh
from models.miniature.objects.donors import donor_finish
from models.miniature.objects.obstacles import Obstacles
from models.miniature.ordering import STANDING_LAYER
from models.miniature.places import LOOKS
from models.miniature.room import Room, plan_room, room_items
from models.miniature.shading import shade
from models.miniature.streams import stream
from models.miniature.surface import Surface, surface
from models.miniature.world import KNOWN_PLACES, IndoorSpec

N_TRIES = 40
_NO_LAMPS = Lamps(x=(0.0, 0.0), first=0.0, spacing=10.0, height=5.0)


@dataclass(frozen=True, eq=False)
class IndoorScene:
    """A rendered room: RGB image, ADE20K-named regions of the surroundings, and objects.

    Regions and objects do not overlap and together cover the picture.
    """

    spec: IndoorSpec
    image: UInt8[np.ndarray, "height width 3"]
    regions: tuple[tuple[str, Bool[np.ndarray, "height width"]], ...]
    objects: tuple[PlacedObject, ...]


def render_indoor(spec: IndoorSpec) -> IndoorScene:
    """The room of a spec; same spec, same bytes."""
    room = plan_room(spec.seed)
    named = room_items(room)
    surroundings = [item for _, item in named]
    canvas = paint([*surroundings, *_furnish(spec, room)], room.camera)
    notes = annotate(canvas)
    objects = placed_objects(canvas, notes, room.camera, spec.object_kinds)
    regions = tuple(
        (name, mask) for k, (name, _) in enumerate(named) if (mask := notes.item_ids == k).any()
    )
    air = _room_air(spec.seed)
    seen = surface(canvas, room.camera)
    light = shade(canvas, seen, room.camera, air, _NO_LAMPS)
    light *= _lamp_pool(seen, room)
    return IndoorScene(spec, develop(reduce(light), air, spec.seed), regions, objects)


def _furnish(spec: IndoorSpec, room: Room) -> list[Item]:
    placed: list[Item] = []
    for index, kind in enumerate(spec.object_kinds):
        rng = stream(spec.seed, f"indoor object {index} {kind}")
        mesh = object_mesh(kind, rng)
        # Objects are cut from rooms: the colors of reserved places must not leak there.
        look = LOOKS[str(rng.choice(KNOWN_PLACES))]
        yaw = float(rng.normal(0, 0.5))
        item = Item(
            mesh,
            donor_finish(mesh, look, rng),
            labels.UNLABELED,
            STANDING_LAYER,
            yaw=yaw,
            object_index=index,
        )
        placed.append(_settled(item, room, placed, rng))
    return placed


def _settled(item: Item, room: Room, others: Sequence[Item], rng: np.random.Generator) -> Item:
    """The item at a place on the floor where it hides little; now and then the border cuts it."""
    camera = room.camera
    obstacles = Obstacles(others, camera)
    size = item.mesh.high - item.mesh.low
    extent = 0.85 * float(max(size[0], size[1]))
    may_crop = bool(rng.random() < 0.25)
    foot_row = 136 if may_crop else 122
    nearest = camera.focal_px * camera.height / (foot_row - camera.horizon_y) + float(size[2]) / 2
    best, least = item, math.inf
    for _ in range(N_TRIES):
        z = camera.focal_px * extent / float(rng.uniform(34, 66))
        z = min(max(z, nearest), room.depth - 0.4 - float(size[2]) / 2)
        reach = min(room.half_width - 0.3, (1.02 if may_crop else 0.8) * 128 * z / camera.focal_px)
        x = camera.x + float(rng.uniform(-reach, reach))
        candidate = replace(item, x=x, z=z)
        cost = obstacles.cost(
            candidate, camera, min_inside=0.6 if may_crop else 0.97, max_hidden=0.3
        )
        if cost < least:
            best, least = candidate, cost
        if cost == 0:
            break
    return best


def _room_air(seed: int) -> Air:
    """Warm or cool light of a room; surfaces that look to the side window get more of it."""
    rng = stream(seed, "room light")
    warmth, level = float(rng.uniform(-0.05, 0.12)), float(rng.uniform(0.75, 1.0))
    sky = (level * (1 + warmth), level, level * (1 - 1.4 * warmth))
    side = float(rng.choice([-0.8, 0.8]))
    return Air(
        sky_light=(sky[0] * 0.8, sky[1] * 0.8, sky[2] * 0.8),
        ground_light=(sky[0] * 0.42, sky[1] * 0.4, sky[2] * 0.38),
        sun_light=(0.26, 0.24, 0.20),
        sun_direction=(side, 0.35, -0.48),
        haze=(0.6, 0.62, 0.66),
        sight_m=700.0,
        exposure=0.95,
        clouds=1.0,
    )


def _lamp_pool(seen: Surface, room: Room) -> np.ndarray:
    """Brightness around the lamp above the middle of the room, less in the far corners."""
    aside = (seen.x - np.float32(room.lamp_x)) / np.float32(room.half_width * 1.5)
    along = (seen.depth - np.float32(room.depth * 0.6)) / np.float32(room.depth)
    return np.asarray(np.float32(0.62) + np.float32(0.55) / (1 + aside * aside + along * along))
