"""What the miniature generator learns from: scenes of all conditions, with layout and facts.

It stands for a generator that has seen far more than the labeled training streets: every weather,
time and object kind, all places, but nothing that is reserved. Nothing here is torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from models.layout import layout_class_table
from models.miniature import OBJECT_KINDS, TIMES, WEATHERS, Scene, SceneSpec, render_scene
from models.miniature.world import KNOWN_KINDS, KNOWN_PLACES, RESERVED_KINDS, RESERVED_PLACES
from models.scenes.prompts import Condition, write_prompt
from models.seeding import derive_seed
from storage.label_space import OOD_ID, ade_class, train_id_table

N_OBJECTS_FRACS = (0.0, 0.5, 0.3, 0.2)
"""Share of the scenes with 0, 1, 2 and 3 objects; a prompt of the method names one at least."""

NIGHT_FRAC = 0.4
"""More than the prompts ask for: what is dark is harder to draw."""

FIRST_OTHER = 100
"""Number of the largest instance that is no object."""

N_OTHERS = 3
_FIRST_THING = 1000
"""Instance ids below are those of stuff."""


@dataclass(frozen=True, eq=False)
class Example:
    """A rendered scene as the generator's training needs it.

    Attributes:
        spec: the scene; its facts make the prompt.
        image: RGB.
        layout: ADE20K-150 class of each pixel, 0 where the layout is black.
        label: train ids, `OOD_ID` on objects.
        instances: 1, 2, ... on the objects in their order; from `FIRST_OTHER` on the largest of the
            persons and vehicles; 0 elsewhere.
    """

    spec: SceneSpec
    image: UInt8[np.ndarray, "height width 3"]
    layout: UInt8[np.ndarray, "height width"]
    label: UInt8[np.ndarray, "height width"]
    instances: UInt8[np.ndarray, "height width"]


def draw_example(
    index: int,
    *,
    purpose: str = "training",
    is_unseen: bool = False,
    n_objects: int | None = None,
) -> SceneSpec:
    """The scene of one example; a pure function of its purpose and number.

    Args:
        index: from 0; any range of numbers can be drawn alone.
        purpose: name of a stream of its own, so that what measures is not what trained.
        is_unseen: whether to take reserved places and object kinds only.
        n_objects: that it shows; None draws a number by `N_OBJECTS_FRACS`.
    """
    name = ("generator", purpose, "unseen" if is_unseen else "known", index)
    rng = np.random.default_rng(derive_seed(*name, "spec"))
    places, kinds = (RESERVED_PLACES, RESERVED_KINDS) if is_unseen else (KNOWN_PLACES, KNOWN_KINDS)
    drawn = int(rng.choice(len(N_OBJECTS_FRACS), p=N_OBJECTS_FRACS))
    n_objects = drawn if n_objects is None else n_objects
    return SceneSpec(
        seed=derive_seed(*name),
        weather=WEATHERS[int(rng.integers(len(WEATHERS)))],
        time=TIMES[int(rng.random() < NIGHT_FRAC)],
        place=places[int(rng.integers(len(places)))],
        object_kinds=tuple(kinds[int(rng.integers(len(kinds)))] for _ in range(n_objects)),
    )


def render_example(spec: SceneSpec) -> Example:
    """The example of a spec; same spec, same bytes."""
    return example_of(render_scene(spec))


def example_of(scene: Scene) -> Example:
    """The example that a rendered scene makes."""
    layout, label = layout_class_table()[scene.label_ids], train_id_table()[scene.label_ids]
    for placed in scene.objects:
        layout[placed.mask] = _ade_ids()[placed.kind]
        label[placed.mask] = OOD_ID
    return Example(scene.spec, scene.image, layout, label, _instances(scene))


def prompts_of(spec: SceneSpec) -> tuple[str, str]:
    """The prompt that names everything of a scene, and the plain one: its objects only."""
    condition = Condition(place=spec.place, weather=spec.weather, time=spec.time)
    named, plain = (write_prompt(said, spec.object_kinds) for said in (condition, Condition()))
    return named, plain


def object_masks(
    instances: UInt8[np.ndarray, "height width"],
) -> Bool[np.ndarray, "objects height width"]:
    """Mask of every object that an example shows, in their order."""
    found = np.unique(instances[(instances > 0) & (instances < FIRST_OTHER)])
    masks: Bool[np.ndarray, "objects height width"] = instances == found[:, None, None]
    return masks


@cache
def layout_palette() -> UInt8[np.ndarray, "151 3"]:
    """RGB color of each ADE20K-150 class in a layout, black for 0."""
    return np.array([(0, 0, 0), *(ade_class(n).color for n in range(1, 151))], np.uint8)


def condition_numbers(specs: Sequence[SceneSpec]) -> Int64[np.ndarray, " scenes"]:
    """Weather and time of scenes as one number: weather by weather, day before night."""
    return np.array(
        [WEATHERS.index(s.weather) * len(TIMES) + TIMES.index(s.time) for s in specs], np.int64
    )


def _instances(scene: Scene) -> UInt8[np.ndarray, "height width"]:
    """SAM should learn objects first: of all others only the few largest are asked for."""
    ids, areas = np.unique(scene.instance_ids, return_counts=True)
    others = ids[np.lexsort((ids, -areas))]
    others = others[others >= _FIRST_THING][:N_OTHERS]
    instances = np.zeros(scene.label_ids.shape, np.uint8)
    for number, instance in enumerate(others, start=FIRST_OTHER):
        instances[scene.instance_ids == instance] = number
    for number, placed in enumerate(scene.objects, start=1):
        instances[placed.mask] = number
    return instances


@cache
def _ade_ids() -> dict[str, int]:
    return {kind.name: kind.ade_id for kind in OBJECT_KINDS}
