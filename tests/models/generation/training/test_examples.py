import numpy as np

from models.generation.training.conditions import CONDITIONS
from models.generation.training.examples import (
    FIRST_OTHER,
    KNOWN_KINDS,
    KNOWN_PLACES,
    RESERVED_KINDS,
    RESERVED_PLACES,
    condition_numbers,
    draw_example,
    example_of,
    layout_palette,
    object_masks,
    prompts_of,
    render_example,
)
from models.layout import layout_colors
from models.miniature import OBJECT_KINDS, render_scene
from storage.label_space import OOD_ID, ade_class, train_id_table


def test_examples_are_functions_of_purpose_and_number():
    assert draw_example(7) == draw_example(7)
    specs = {draw_example(7), draw_example(8), draw_example(7, purpose="measuring")}
    assert len(specs | {draw_example(7, is_unseen=True)}) == 4


def test_known_examples_show_nothing_that_is_reserved():
    known = [draw_example(index) for index in range(400)]
    assert {spec.place for spec in known} == set(KNOWN_PLACES)
    assert {kind for spec in known for kind in spec.object_kinds} == set(KNOWN_KINDS)
    assert len({(spec.weather, spec.time) for spec in known}) == 10
    unseen = [draw_example(index, is_unseen=True) for index in range(200)]
    assert {spec.place for spec in unseen} == set(RESERVED_PLACES)
    assert {kind for spec in unseen for kind in spec.object_kinds} == set(RESERVED_KINDS)


def test_an_example_is_the_scene_with_its_objects_in_layout_and_label():
    spec = next(s for s in map(draw_example, range(50)) if len(s.object_kinds) == 1)
    example, scene = render_example(spec), render_scene(spec)
    (placed,) = scene.objects
    ade_id = next(kind.ade_id for kind in OBJECT_KINDS if kind.name == placed.kind)
    np.testing.assert_array_equal(example.image, scene.image)
    assert (example.layout[placed.mask] == ade_id).all()
    assert (example.label[placed.mask] == OOD_ID).all()
    known = ~placed.mask
    np.testing.assert_array_equal(example.label[known], train_id_table()[scene.label_ids][known])
    colors = np.array([(0, 0, 0), *(ade_class(number).color for number in range(1, 151))], np.uint8)
    np.testing.assert_array_equal(
        colors[example.layout][known], layout_colors(scene.label_ids)[known]
    )


def test_the_palette_is_that_of_layouts():
    scene = render_scene(draw_example(0))
    known = scene.label_ids != 0  # objects have no label
    layout = example_of(scene).layout
    np.testing.assert_array_equal(
        layout_palette()[layout][known], layout_colors(scene.label_ids)[known]
    )


def test_instances_are_the_objects_and_the_largest_others():
    spec = next(s for s in map(draw_example, range(50)) if len(s.object_kinds) == 2)
    scene = render_scene(spec)
    instances = example_of(scene).instances
    for number, placed in enumerate(scene.objects, start=1):
        np.testing.assert_array_equal(instances == number, placed.mask)
    np.testing.assert_array_equal(
        object_masks(instances), np.stack([placed.mask for placed in scene.objects])
    )
    ids, areas = np.unique(scene.instance_ids[scene.instance_ids >= 1000], return_counts=True)
    for number, area in enumerate(sorted(areas, reverse=True)[:3], start=FIRST_OTHER):
        found = scene.instance_ids[instances == number]
        assert len(set(found)) == 1
        assert found.size == area
    assert len(ids) < 3 or instances.max() == FIRST_OTHER + 2


def test_prompts_name_the_scene_or_its_objects_only():
    spec = draw_example(3)
    named, plain = prompts_of(spec)
    for word in (spec.place, spec.weather, spec.time):
        assert word in named
        assert word not in plain
    assert all(kind in named and kind in plain for kind in spec.object_kinds)


def test_every_example_has_an_object_so_that_a_prompt_can_name_one():
    assert {len(draw_example(index).object_kinds) for index in range(60)} == {1, 2, 3}


def test_conditions_are_numbered_as_the_classifier_does():
    specs = [draw_example(index) for index in range(30)]
    numbers = condition_numbers(specs)
    assert [CONDITIONS[n] for n in numbers] == [(s.weather, s.time) for s in specs]
