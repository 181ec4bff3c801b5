"""Street scenes: same spec same bytes, one geometry under all conditions, labels that fit."""

from dataclasses import replace

import numpy as np
import pytest

from models.miniature import (
    HEIGHT,
    OBJECT_KINDS,
    PLACES,
    TIMES,
    WEATHERS,
    WIDTH,
    Scene,
    SceneSpec,
    render_scene,
)
from models.miniature.annotation import annotate
from models.miniature.canvas import paint
from models.miniature.labels import EVALUATED, WITH_INSTANCES
from models.miniature.stage import dress
from models.miniature.streets import plan_street

KINDS = tuple(kind.name for kind in OBJECT_KINDS)
SPEC = SceneSpec(7, "clear", "day", "lisbon", ("chair", "animal"))


def random_spec(seed: int, n_objects: int = 2) -> SceneSpec:
    rng = np.random.default_rng(seed)
    kinds = tuple(str(kind) for kind in rng.choice(KINDS, n_objects, replace=False))
    weather, time = str(rng.choice(WEATHERS)), str(rng.choice(TIMES))
    return SceneSpec(seed, weather, time, PLACES[int(rng.integers(len(PLACES)))].name, kinds)


def labeled_pixels(spec: SceneSpec) -> np.ndarray:
    """Pixels of each label id, without the cost of light."""
    layout = plan_street(spec.seed)
    notes = annotate(paint(dress(layout, spec.place, spec.seed), layout.camera))
    return np.bincount(notes.label_ids.ravel(), minlength=256)


def assert_same_scene(a: Scene, b: Scene) -> None:
    assert a.image.tobytes() == b.image.tobytes()
    assert a.label_ids.tobytes() == b.label_ids.tobytes()
    assert a.instance_ids.tobytes() == b.instance_ids.tobytes()
    for first, second in zip(a.objects, b.objects, strict=True):
        assert first.mask.tobytes() == second.mask.tobytes()


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("time", TIMES)
def test_same_spec_gives_the_same_bytes(weather: str, time: str) -> None:
    spec = replace(SPEC, weather=weather, time=time)
    first = render_scene(spec)
    render_scene(random_spec(99))  # what was drawn before must not matter
    assert_same_scene(first, render_scene(spec))


def test_shapes_and_types() -> None:
    scene = render_scene(SPEC)
    assert scene.image.shape == (HEIGHT, WIDTH, 3)
    assert scene.image.dtype == np.uint8
    assert scene.label_ids.dtype == np.uint8
    assert scene.instance_ids.dtype == np.int32
    assert [placed.kind for placed in scene.objects] == ["chair", "animal"]


@pytest.mark.parametrize("seed", [3, 11])
def test_conditions_change_the_picture_but_no_label(seed: int) -> None:
    scenes = [
        render_scene(SceneSpec(seed, weather, time, "hamburg", ("sofa",)))
        for weather in WEATHERS
        for time in TIMES
    ]
    for scene in scenes[1:]:
        assert np.array_equal(scene.label_ids, scenes[0].label_ids)
        assert np.array_equal(scene.instance_ids, scenes[0].instance_ids)
        assert np.array_equal(scene.objects[0].mask, scenes[0].objects[0].mask)
    for k, a in enumerate(scenes):
        for b in scenes[:k]:
            distance = np.abs(a.image.astype(float) - b.image).mean()
            assert distance > 5, (a.spec, b.spec)


def test_another_place_keeps_the_layout() -> None:
    scenes = [render_scene(SceneSpec(5, "cloudy", "day", place.name)) for place in PLACES]
    for scene in scenes[1:]:
        assert (scene.label_ids == scenes[0].label_ids).mean() > 0.75
        is_road = (scene.label_ids == 7) & (scenes[0].label_ids == 7)
        assert is_road.sum() > 0.98 * (scenes[0].label_ids == 7).sum()


def test_places_look_different() -> None:
    means = []
    for place in PLACES:
        scenes = [render_scene(SceneSpec(seed, "clear", "day", place.name)) for seed in (1, 2)]
        colors = [
            scene.image[scene.label_ids == label].mean(0) for scene in scenes for label in (7, 11)
        ]
        means.append(np.concatenate(colors))
    for k, mean in enumerate(means):
        for other in means[:k]:
            assert np.abs(mean - other).mean() > 3


def test_objects_leave_the_rest_alone() -> None:
    bare = render_scene(replace(SPEC, object_kinds=()))
    scene = render_scene(SPEC)
    is_object = np.any([placed.mask for placed in scene.objects], axis=0)
    assert np.array_equal(scene.label_ids[~is_object], bare.label_ids[~is_object])
    assert np.array_equal(scene.instance_ids // 1000 > 0, (bare.instance_ids >= 1000) & ~is_object)


@pytest.mark.parametrize("seed", range(6))
def test_masks_labels_and_instances_agree(seed: int) -> None:
    scene = render_scene(random_spec(seed, 3))
    is_object = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for placed in scene.objects:
        assert not (is_object & placed.mask).any()
        is_object |= placed.mask
        assert placed.is_cropped == bool(
            placed.mask[[0, -1]].any() or placed.mask[:, [0, -1]].any()
        )
        for _, part in placed.parts:
            assert (placed.mask | ~part).all()
    assert np.array_equal(is_object, scene.label_ids == 0)
    assert set(np.unique(scene.label_ids)) <= {0, *EVALUATED}
    has_instance = np.isin(scene.label_ids, WITH_INSTANCES)
    assert np.array_equal(scene.instance_ids[~has_instance], scene.label_ids[~has_instance])
    assert np.array_equal(scene.instance_ids[has_instance] // 1000, scene.label_ids[has_instance])
    for label in np.unique(scene.label_ids[has_instance]):
        numbers = np.unique(scene.instance_ids[scene.label_ids == label]) % 1000
        assert numbers[0] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_seen_on_the_street(kind: str) -> None:
    for seed in (21, 22):
        (placed,) = render_scene(SceneSpec(seed, "clear", "day", "zurich", (kind,))).objects
        assert placed.mask.sum() >= 60
        assert placed.mask.sum() < 0.2 * HEIGHT * WIDTH


@pytest.mark.slow
def test_objects_are_neither_specks_nor_giants() -> None:
    areas = [
        placed.mask.sum()
        for seed in range(40)
        for placed in render_scene(random_spec(seed)).objects
    ]
    assert min(areas) >= 60
    low, middle, high = np.percentile(areas, [10, 50, 90])
    assert 150 <= low <= 450
    assert 400 <= middle <= 900
    assert 1000 <= high <= 2200


@pytest.mark.slow
def test_every_class_covers_a_tenth_of_the_frames() -> None:
    counts = np.array([labeled_pixels(random_spec(seed, 0)) for seed in range(200)])
    for label in EVALUATED:
        assert (counts[:, label] >= 20).mean() >= 0.1, label


def test_nights_are_darker_than_days_yet_legible() -> None:
    for weather in WEATHERS:
        day = render_scene(replace(SPEC, weather=weather, time="day"))
        night = render_scene(replace(SPEC, weather=weather, time="night"))
        assert night.image.mean() < 0.75 * day.image.mean()
        for placed in night.objects:
            assert night.image[placed.mask].mean() > 18
