"""A street scene from its spec: plan the street, dress it, put objects on it, draw and develop."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, UInt8

from models.miniature import labels
from models.miniature.annotation import PlacedObject, annotate, placed_objects
from models.miniature.canvas import paint
from models.miniature.develop import develop, enlarge, reduce
from models.miniature.light import air_of
from models.miniature.objects.placing import object_items
from models.miniature.places import LOOKS
from models.miniature.shading import shade
from models.miniature.sky import paint_sky
from models.miniature.stage import dress
from models.miniature.streets import plan_street
from models.miniature.surface import surface
from models.miniature.weather import add_haze, add_precipitation, reflect_on_wet_ground
from models.miniature.world import SceneSpec


@dataclass(frozen=True, eq=False)
class Scene:
    """A rendered street scene.

    Label ids are those of Cityscapes, 0 on OOD objects. Instance ids are label ids for stuff and
    1000 x label id + k, k from 0, for persons, riders and vehicles.
    """

    spec: SceneSpec
    image: UInt8[np.ndarray, "height width 3"]
    label_ids: UInt8[np.ndarray, "height width"]
    instance_ids: Int32[np.ndarray, "height width"]
    objects: tuple[PlacedObject, ...]


def render_scene(spec: SceneSpec) -> Scene:
    """The street scene of a spec: image, labels, instances, objects; same spec, same bytes."""
    layout = plan_street(spec.seed)
    items = dress(layout, spec.place, spec.seed)
    items += object_items(spec, layout, items)
    canvas = paint(items, layout.camera)
    notes = annotate(canvas)
    objects = placed_objects(canvas, notes, layout.camera, spec.object_kinds)
    air = air_of(spec.weather, spec.time, spec.seed)
    seen = surface(canvas, layout.camera)
    light = shade(canvas, seen, layout.camera, air, layout.lamps)
    is_sky = canvas.face_ids == 0
    sky = paint_sky(air, LOOKS[spec.place].sky, layout.camera, spec.seed)
    np.copyto(light, enlarge(sky), where=is_sky)
    add_haze(light, seen, is_sky, air)
    small = reduce(light)
    if air.wetness:
        on_ground = np.isin(notes.label_ids, labels.ON_GROUND)
        reflect_on_wet_ground(small, on_ground, spec.seed, air)
    add_precipitation(small, air, spec.seed)
    image = develop(small, air, spec.seed)
    return Scene(spec, image, notes.label_ids, notes.instance_ids, objects)
