import pytest

from storage.datasets.source_classes import (
    coco_class_id,
    fine_class_id,
    fine_index,
    fine_name_of,
)


@pytest.mark.parametrize("class_id", range(1, 151))
def test_every_class_has_a_fine_name_that_leads_back(class_id):
    assert fine_class_id(fine_name_of(class_id)) == class_id


def test_of_two_fine_names_the_official_one_is_taken():
    assert fine_name_of(15) == "door"
    assert fine_name_of(36) == "wardrobe, closet, press"
    assert fine_name_of(89) == "booth, cubicle, stall, kiosk"
    assert fine_name_of(142) == "screen, crt screen"


def test_indices_are_those_of_the_2016_list():
    assert fine_index("car, auto, automobile, machine, motorcar") == 401
    assert fine_index("van") == 2928
    assert fine_index("screen") == 2250


@pytest.mark.parametrize(
    ("name", "class_id"),
    [("wine glass", 148), ("tv", 90), ("zebra", 127), ("kite", 0), ("no category", 0)],
)
def test_coco_categories_have_classes_by_name(name, class_id):
    assert coco_class_id(name) == class_id


def test_unknown_names_are_named():
    with pytest.raises(ValueError, match="gizmo"):
        fine_index("gizmo")
    with pytest.raises(ValueError, match="1 to 150"):
        fine_name_of(151)
