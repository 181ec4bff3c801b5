import numpy as np
import pytest

from models.label_colors import OOD_COLOR, label_color_table, label_colors, outline, overlay
from storage.label_space import OOD_ID, TRAIN_CLASSES, VOID_ID


def test_every_id_has_the_color_of_the_table():
    ids = np.arange(256, dtype=np.uint8).reshape(16, 16)
    colors = label_colors(ids).reshape(256, 3)
    for label in TRAIN_CLASSES:
        assert tuple(colors[label.train_id]) == label.color
    assert tuple(colors[OOD_ID]) == OOD_COLOR
    assert not colors[19:OOD_ID].any()
    assert not colors[VOID_ID].any()


def test_no_class_comes_near_the_color_of_unknown_objects():
    others = np.delete(label_color_table(), OOD_ID, axis=0).astype(int)
    assert np.linalg.norm(others - np.array(OOD_COLOR), axis=1).min() > 120


def test_a_part_of_a_label_can_be_colored():
    ids = np.full((6, 8), OOD_ID, np.uint8)
    assert (label_colors(ids[::2, 1:5]) == OOD_COLOR).all()


def test_an_outline_is_the_rim_of_the_mask_with_a_dark_line_beside_it():
    picture = np.full((9, 9, 3), 200, np.uint8)
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    drawn = outline(picture, mask, thickness_px=1)
    is_rim = mask.copy()
    is_rim[3:6, 3:6] = False
    assert (drawn[is_rim] == OOD_COLOR).all()
    assert (drawn[3:6, 3:6] == 200).all()
    assert (drawn[1, 1:8] < 40).all()
    assert (drawn[0] == 200).all()
    assert (picture == 200).all()


def test_an_outline_is_closed_at_the_border_of_the_picture():
    mask = np.zeros((6, 6), bool)
    mask[2:, 2:] = True
    drawn = outline(np.zeros((6, 6, 3), np.uint8), mask, thickness_px=1)
    assert (drawn[-1, 2:] == OOD_COLOR).all()


def test_an_empty_mask_leaves_the_picture():
    picture = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    assert (outline(picture, np.zeros((5, 7), bool)) == picture).all()


def test_an_overlay_marks_borders_and_outlines_the_object():
    ids = np.zeros((20, 20), np.uint8)
    ids[:, 10:] = 2
    ids[12:18, 12:18] = OOD_ID
    drawn = overlay(np.full((20, 20, 3), 90, np.uint8), ids)
    assert (drawn[:10, 9] == 255).all()
    assert (drawn[12, 12:18] == OOD_COLOR).all()
    assert (drawn[:, :9] == 90).all()


def test_a_line_of_no_width_is_refused():
    with pytest.raises(ValueError, match="1 pixel or more, got 0"):
        outline(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), bool), thickness_px=0)
