"""Names of exported scenes: one each, and read back by the reader of the published set."""

from dataclasses import replace

import pytest

from storage.datasets.generated import parse_name
from storage.export.names import MAX_NAME_BYTES, scene_names
from tests.storage.export.scenes import box, scene

FRAME = "lisbon_000000_000019"


def name_of(**changes):
    return scene_names([scene(None, **changes)])[0]


def test_the_published_form():
    assert name_of() == f"{FRAME}_rainy_night_New_York_City_bathtub_0.87"
    plain = {"weather": None, "time": None, "place": None}
    assert name_of(**plain, object_class_names=("pool table",)) == f"{FRAME}_pool table_0.87"


def test_the_largest_object_gives_class_and_iou():
    facts = {"object_class_names": ("chair", "sofa", "box"), "object_ious": (0.9, 0.8, 0.7)}
    masks = [box(20, 1, 4, 4), box(20, 10, 8, 8), box(20, 30, 8, 8)]
    assert name_of(masks=masks, **facts).endswith("_sofa_0.80")
    assert name_of(masks=[]).endswith("_nothing_0.00")


def test_equal_names_are_told_apart_by_the_nearest_free_iou():
    rows = [scene(None, round=f"round-{number}") for number in range(3)]
    lower = scene(None, variant=1, object_ious=(0.86,))
    names = scene_names([*rows, lower])
    assert [name[-4:] for name in names] == ["0.87", "0.85", "0.84", "0.86"]
    facts = [parse_name(name) for name in names]
    assert {(one.place, one.ood_class) for one in facts} == {("New York City", "bathtub")}


def test_without_a_lower_iou_the_next_higher_is_taken():
    first = scene(None, object_ious=(0.0,))
    rows = [replace(first, variant=number) for number in range(101)]
    assert [name[-4:] for name in scene_names(rows)][::50] == ["0.00", "0.50", "1.00"]
    with pytest.raises(ValueError, match="at most 101 scenes of one frame"):
        scene_names([*rows, replace(first, variant=101)])


def test_names_differ_where_case_does_not_count():
    rows = [scene(None, place="Oslo"), scene(None, place="OSLO", variant=1)]
    names = scene_names(rows)
    assert len({name.lower() for name in names}) == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"object_class_names": ("door/double: a|b",)}, "rainy_night_New_York_City_door-double- a"),
        ({"object_class_names": ("door_knob",)}, "rainy_night_New_York_City_door knob_"),
        ({"place": "Saint_John/s"}, "rainy_night_Saint_John-s_bathtub"),
        ({"place": "São Paulo"}, "rainy_night_São_Paulo_bathtub"),
        ({"time": "dawn"}, "_bathtub_0.87"),
        ({"place": None}, "_bathtub_0.87"),
        ({"place": "P" * 250}, "_bathtub_0.87"),
        ({"object_class_names": ("c" * 250,)}, "ccc_0.87"),
        ({"object_class_names": ("?",)}, "_-_0.87"),
        ({"object_class_names": (" ",)}, "_unnamed_0.87"),
        ({"object_class_names": ("a\nb",)}, "_a b_0.87"),
        ({"place": "Carrom pool", "object_class_names": ("table",)}, "_table_0.87"),
    ],
)
def test_what_a_name_cannot_carry_is_left_out(changes, expected):
    name = name_of(**changes)
    facts = parse_name(name)
    assert expected in name
    assert facts.source_frame_id == FRAME
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('/\\:*?"<>|\0')


def test_a_frame_of_another_layout_is_refused():
    with pytest.raises(ValueError, match=r"scene street-7, variant 0 of round-1: need a frame"):
        name_of(frame_id="street-7", city="street")
