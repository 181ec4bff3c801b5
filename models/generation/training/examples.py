"""What the miniature generator learns from: scenes of all conditions, with layout and facts.

It stands for a generator that has seen far more than the labeled training streets: every weather,
time and object kind, all places, but nothing that is reserved. Nothing here is torch.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import UInt8

from models.layout import layout_class_table
from models.miniature import OBJECT_KINDS, TIMES, WEATHERS, SceneSpec, render_scene
from models.miniature.world import KNOWN_KINDS, KNOWN_PLACES, RESERVED_KINDS, RESERVED_PLACES
from models.seeding import derive_seed
from storage.label_space import OOD_ID, train_id_table

N_OBJECTS_FRACS = (0.2, 0.4, 0.25, 0.15)
"""Share of the scenes with 0, 1, 2 and 3 objects."""

NIGHT_FRAC = 0.4
"""More than the prompts ask for: what is dark is harder to draw."""


@dataclass(frozen=True, eq=False)
class Example:
    """A rendered scene as the generator's training needs it.

    Attributes:
        spec: the scene; its facts make the prompt.
        image: RGB.
        layout: ADE20K-150 class of each pixel, 0 where the layout is black.
        label: train ids, `OOD_ID` on objects.
    """

    spec: SceneSpec
    image: UInt8[np.ndarray, "height width 3"]
    layout: UInt8[np.ndarray, "height width"]
    label: UInt8[np.ndarray, "height width"]


def draw_example(index: int, *, purpose: str = "training", is_unseen: bool = False) -> SceneSpec:
    """The scene of one example; a pure function of its purpose and number.

    Args:
        index: from 0; any range of numbers can be drawn alone.
        purpose: name of a stream of its own, so that what measures is not what trained.
        is_unseen: whether to take reserved places and object kinds only.
    """
    name = ("generator", purpose, "unseen" if is_unseen else "known", index)
    rng = np.random.default_rng(derive_seed(*name, "spec"))
    places, kinds = (RESERVED_PLACES, RESERVED_KINDS) if is_unseen else (KNOWN_PLACES, KNOWN_KINDS)
    n_objects = int(rng.choice(len(N_OBJECTS_FRACS), p=N_OBJECTS_FRACS))
    return SceneSpec(
        seed=derive_seed(*name),
        weather=WEATHERS[int(rng.integers(len(WEATHERS)))],
        time=TIMES[int(rng.random() < NIGHT_FRAC)],
        place=places[int(rng.integers(len(places)))],
        object_kinds=tuple(kinds[int(rng.integers(len(kinds)))] for _ in range(n_objects)),
    )


def render_example(spec: SceneSpec) -> Example:
    """The example of a spec; same spec, same bytes."""
    scene = render_scene(spec)
    layout, label = layout_class_table()[scene.label_ids], train_id_table()[scene.label_ids]
    for placed in scene.objects:
        layout[placed.mask] = _ade_ids()[placed.kind]
        label[placed.mask] = OOD_ID
    return Example(spec, scene.image, layout, label)


@cache
def _ade_ids() -> dict[str, int]:
    return {kind.name: kind.ade_id for kind in OBJECT_KINDS}
