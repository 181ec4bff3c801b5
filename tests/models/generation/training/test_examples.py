import numpy as np

from models.generation.training.examples import (
    KNOWN_KINDS,
    KNOWN_PLACES,
    RESERVED_KINDS,
    RESERVED_PLACES,
    draw_example,
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
