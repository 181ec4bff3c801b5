"""Objects have their color in the layout; the label keeps what the layout vouches for."""

import numpy as np
import pytest

from models.layout import layout_color_table
from models.scenes import PastedObject, label_after_layout, scene_layout
from storage.label_space import (
    CITYSCAPES_LABELS,
    OOD_CLASS_LISTS,
    OOD_ID,
    TRAIN_CLASSES,
    VOID_ID,
    ade_class,
)


def at(*pixels):
    mask = np.zeros((3, 4), bool)
    for y, x in pixels:
        mask[y, x] = True
    return mask


def test_objects_get_their_color_and_void_stays_black():
    label_ids = np.full((3, 4), 7, np.uint8)
    label_ids[0] = 0
    objects = [PastedObject(at((1, 1), (0, 3)), 20), PastedObject(at((1, 1), (2, 2)), 24)]
    layout, is_ood = scene_layout(label_ids, objects)
    assert layout[0, 0].tolist() == [0, 0, 0]
    assert tuple(layout[0, 3]) == ade_class(20).color
    assert tuple(layout[1, 1]) == ade_class(24).color, "the later one is on top"
    assert tuple(layout[1, 0]) == ade_class(7).color
    assert (is_ood == at((1, 1), (0, 3), (2, 2))).all()


def test_without_objects_it_is_the_layout_alone():
    layout, is_ood = scene_layout(np.full((3, 4), 23, np.uint8), [])
    assert (layout == np.array(ade_class(3).color)).all()
    assert not is_ood.any()


def test_no_object_has_the_color_of_the_street():
    street = {tuple(color) for color in layout_color_table()}
    for class_id in OOD_CLASS_LISTS["published_train"]:
        assert ade_class(class_id).color not in street


def test_train_and_motorcycle_become_void_and_all_else_stays():
    train_ids = np.arange(256, dtype=np.uint8)[None]
    after = label_after_layout(train_ids)[0]
    assert np.flatnonzero(after != train_ids[0]).tolist() == [16, 17]
    assert after[[16, 17, OOD_ID, VOID_ID]].tolist() == [VOID_ID, VOID_ID, OOD_ID, VOID_ID]


def test_every_class_that_shares_its_color_is_decided():
    """Classes drawn alike: one keeps its label, the others are void, or the docstring says why."""
    by_color: dict[tuple[int, ...], set[str]] = {}
    for label in TRAIN_CLASSES:
        color = tuple(int(part) for part in layout_color_table()[label.label_id])
        by_color.setdefault(color, set()).add(label.name)
    shared = {frozenset(names) for names in by_color.values() if len(names) > 1}
    assert shared == {
        frozenset({"bus", "train"}),
        frozenset({"motorcycle", "bicycle"}),
        frozenset({"person", "rider"}),
    }
    assert all(color != (0, 0, 0) for color in by_color), "no scored class is drawn as void"
    assert len(CITYSCAPES_LABELS) == 34


def test_a_class_outside_the_list_is_refused():
    with pytest.raises(ValueError, match="1 to 150"):
        scene_layout(np.zeros((3, 4), np.uint8), [PastedObject(at((0, 0)), 151)])
