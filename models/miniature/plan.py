"""Which scenes the miniature world holds: one table of recipes, and the frames that follow from it.

Training data hold clear and cloudy days of the training places and no unknown object. Benchmarks
hold every condition, other places, and object kinds, of which the reserved ones and the reserved
places are `unseen`: no part that is trained may meet them. Every frame has a seed of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from models.miniature.world import (
    KNOWN_KINDS,
    KNOWN_PLACES,
    OBJECT_KINDS,
    PLACES,
    RESERVED_KINDS,
    RESERVED_PLACES,
    TIMES,
    WEATHERS,
    WORLD_VERSION,
    IndoorSpec,
    SceneSpec,
)
from models.seeding import derive_seed
from storage.label_space import read_table

_TRAINING = tuple(place.name for place in PLACES if place.is_training)
_ELSEWHERE = tuple(place.name for place in PLACES if not place.is_training)
_RESERVED = frozenset({*RESERVED_KINDS, *RESERVED_PLACES})


def _kinds_of_coco() -> tuple[str, ...]:
    named = {row["class_id"] for row in read_table("coco_to_ade20k_150")}
    return tuple(k.name for k in OBJECT_KINDS if str(k.ade_id) in named and not k.is_reserved)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the frames of one split of one data set are drawn.

    A frame shows ``indoor_frac`` of the time a room, else a street under one of ``conditions``
    (weather, time) in one of ``places``, with ``n_objects`` (least, most) of the known ``kinds``;
    ``reserved_frac`` of the frames take all their objects from the reserved kinds instead.
    """

    dataset: str
    split: str
    n_frames: int
    conditions: tuple[tuple[str, str], ...]
    places: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    n_objects: tuple[int, int] = (0, 0)
    reserved_frac: float = 0.0
    indoor_frac: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PlannedFrame:
    """One frame to render: where it belongs and what it shows."""

    dataset: str
    split: str
    index: int
    domain: str
    spec: SceneSpec | IndoorSpec

    @property
    def is_unseen(self) -> bool:
        """True where it shows a reserved place or a reserved kind of object."""
        place = () if isinstance(self.spec, IndoorSpec) else (self.spec.place,)
        return not _RESERVED.isdisjoint({*place, *self.spec.object_kinds})


Choice = TypeVar("Choice")

_FAIR = (("clear", "day"), ("cloudy", "day"))
_ALL = tuple((weather, time) for weather in WEATHERS for time in TIMES)
_DAYS = tuple((weather, "day") for weather in WEATHERS)
_ADVERSE = tuple(pair for pair in _ALL if pair not in _FAIR)
_NIGHTS = (("clear", "night"), ("cloudy", "night"))


def _benchmark(
    dataset: str, split: str, n_frames: int, conditions: tuple[tuple[str, str], ...] = _ALL
) -> Recipe:
    return Recipe(
        dataset=dataset,
        split=split,
        n_frames=n_frames,
        conditions=conditions,
        places=_ELSEWHERE,
        kinds=KNOWN_KINDS,
        n_objects=(1, 3),
        reserved_frac=0.5,
    )


def _training_world(dataset: str, split: str, n_frames: int) -> Recipe:
    return Recipe(
        dataset=dataset, split=split, n_frames=n_frames, conditions=_FAIR, places=_TRAINING
    )


def _photos(
    dataset: str, split: str, n_frames: int, kinds: tuple[str, ...], indoor_frac: float
) -> Recipe:
    """Pictures that objects are cut from: rooms and streets with known kinds of objects."""
    return Recipe(
        dataset=dataset,
        split=split,
        n_frames=n_frames,
        conditions=_ALL,
        places=KNOWN_PLACES,
        kinds=kinds,
        n_objects=(2, 5),
        indoor_frac=indoor_frac,
    )


def _recipes() -> tuple[Recipe, ...]:
    days = {"fog": "foggy", "rain": "rainy", "snow": "snowy"}
    domains = {**{name: ((weather, "day"),) for name, weather in days.items()}, "night": _NIGHTS}
    static = _training_world("fishyscapes_static", "val", 30)
    return (
        _training_world("cityscapes", "train", 300),
        _training_world("cityscapes", "val", 40),
        _photos("ade20k", "train", 120, KNOWN_KINDS, 0.7),
        _photos("ade20k", "val", 20, KNOWN_KINDS, 0.7),
        _photos("ade20k_challenge", "train", 24, KNOWN_KINDS, 0.7),
        _photos("ade20k_challenge", "val", 12, KNOWN_KINDS, 0.7),
        _photos("coco", "train", 60, _kinds_of_coco(), 0.5),
        _photos("coco", "val", 20, _kinds_of_coco(), 0.5),
        # As in the real sets: odd scenes, mostly by day. The nights are ACDC-POC's and MUAD's.
        _benchmark("road_anomaly", "test", 40, _DAYS),
        _benchmark("road_anomaly_21", "val", 10, _DAYS),
        _benchmark("road_anomaly_21", "test", 20, _DAYS),
        _benchmark("road_obstacle_21", "val", 16),
        _benchmark("road_obstacle_21", "test", 20),
        _benchmark("fishyscapes_lost_and_found", "val", 30, _FAIR),
        replace(static, kinds=KNOWN_KINDS, n_objects=(1, 2), reserved_frac=0.5),
        _benchmark("muad", "test", 40, _ADVERSE),
        *(_benchmark("acdc_poc", f"val/{name}", 10, pairs) for name, pairs in domains.items()),
        *(
            replace(_training_world("acdc", f"val/{name}", 8), conditions=pairs, places=_ELSEWHERE)
            for name, pairs in domains.items()
        ),
    )


RECIPES = _recipes()


MAX_FRAC = 1000.0


def plan_world(
    *, n_train: int = 300, others_frac: float = 1.0, seed: int = 0
) -> tuple[PlannedFrame, ...]:
    """Every frame of the miniature world, in the order of `RECIPES`.

    Args:
        n_train: training frames of Cityscapes; a larger number only adds frames.
        others_frac: share of the other recipes' frames, at least two of each.
        seed: another number gives a world of other scenes with the same make-up.

    Raises:
        ValueError: if there is no training frame, or the share is not positive.
    """
    if n_train < 1 or not 0 < others_frac < MAX_FRAC:
        raise ValueError(f"need frames to plan, got n_train={n_train}, others_frac={others_frac}")
    planned = []
    for recipe in RECIPES:
        is_train = (recipe.dataset, recipe.split) == ("cityscapes", "train")
        n_frames = n_train if is_train else max(2, round(recipe.n_frames * others_frac))
        planned += [_plan_frame(recipe, index, seed) for index in range(n_frames)]
    return tuple(planned)


def _plan_frame(recipe: Recipe, index: int, world_seed: int) -> PlannedFrame:
    # ADE20K's 150-class form repeats pictures of the full release, as the real one does.
    dataset = "ade20k" if recipe.dataset == "ade20k_challenge" else recipe.dataset
    name = ("miniature", WORLD_VERSION, world_seed, dataset, recipe.split, index)
    rng = np.random.default_rng(derive_seed(*name, "plan"))
    split, _, domain = recipe.split.partition("/")
    return PlannedFrame(
        dataset=recipe.dataset,
        split=split,
        index=index,
        domain=domain,
        spec=_draw_spec(recipe, rng, derive_seed(*name)),
    )


def _draw_spec(recipe: Recipe, rng: np.random.Generator, seed: int) -> SceneSpec | IndoorSpec:
    kinds = _draw_kinds(recipe, rng)
    if rng.random() < recipe.indoor_frac:
        return IndoorSpec(seed=seed, object_kinds=kinds)
    weather, time = _pick(recipe.conditions, rng)
    return SceneSpec(
        seed=seed, weather=weather, time=time, place=_pick(recipe.places, rng), object_kinds=kinds
    )


def _draw_kinds(recipe: Recipe, rng: np.random.Generator) -> tuple[str, ...]:
    least, most = recipe.n_objects
    pool = RESERVED_KINDS if rng.random() < recipe.reserved_frac else recipe.kinds
    n_objects = int(rng.integers(least, most + 1))
    return tuple(_pick(pool, rng) for _ in range(n_objects))


def _pick(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    return choices[int(rng.integers(len(choices)))]
