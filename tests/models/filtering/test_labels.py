import numpy as np
import pytest

from models.filtering import SAM_COLOR, sam_layout, scene_label
from models.layout import layout_colors


def oracle(label, pasted, found):
    """The rule, pixel by pixel."""
    expected = label.copy()
    for y, x in np.ndindex(label.shape):
        if any(mask[y, x] for mask in found):
            expected[y, x] = 254
        elif any(mask[y, x] for mask in pasted):
            expected[y, x] = 255
    return expected


@pytest.mark.parametrize("n_objects", [0, 1, 2, 3])
def test_every_pixel_follows_the_rule(n_objects):
    rng = np.random.default_rng(n_objects)
    for _ in range(50):
        label = rng.choice(np.array([*range(19), 255], dtype=np.uint8), (6, 5))
        before = label.copy()
        pasted, found = rng.random((2, n_objects, 6, 5)) < 0.3
        made = scene_label(label, pasted, found)
        assert made.dtype == np.uint8
        assert np.array_equal(made, oracle(label, pasted, found))
        assert np.array_equal(label, before)


def test_one_object_needs_no_axis_of_objects():
    label = np.zeros((2, 3), dtype=np.uint8)
    pasted, found = np.zeros((2, 2, 3), dtype=bool)
    pasted[0, :2] = found[0, 1:] = True
    assert scene_label(label, pasted, found).tolist() == [[255, 254, 254], [0, 0, 0]]


def test_sams_mask_of_one_object_comes_before_the_rest_of_another():
    label = np.full((1, 3), 7, dtype=np.uint8)
    pasted = np.array([[[True, True, False]], [[False, True, True]]])
    found = np.array([[[True, False, False]], [[False, True, False]]])
    assert scene_label(label, pasted, found).tolist() == [[254, 254, 255]]


def test_void_stays_void_and_sam_may_cover_it():
    label = np.full((1, 2), 255, dtype=np.uint8)
    found = np.array([[True, False]])
    assert scene_label(label, np.zeros_like(found), found).tolist() == [[254, 255]]


@pytest.mark.parametrize("value", [19, 33, 254])
def test_other_codings_are_refused(value):
    label = np.array([[0, value, value]], dtype=np.uint8)
    nothing = np.zeros((1, 3), dtype=bool)
    with pytest.raises(ValueError, match=f"from 0 to 18 or 255, got {value} on 2 pixels"):
        scene_label(label, nothing, nothing)


def test_masks_of_another_size_are_refused():
    label = np.zeros((2, 3), dtype=np.uint8)
    with pytest.raises(Exception, match="pasted_mask"):
        scene_label(label, np.zeros((3, 2), dtype=bool), np.zeros((2, 3), dtype=bool))


@pytest.mark.parametrize("n_objects", [0, 2])
def test_the_layout_shows_sams_masks_in_the_published_color(n_objects):
    rng = np.random.default_rng(n_objects)
    label_ids = rng.integers(0, 34, (6, 5)).astype(np.uint8)
    found = rng.random((n_objects, 6, 5)) < 0.3
    layout = sam_layout(label_ids, found)
    assert SAM_COLOR == (254, 254, 254)
    for y, x in np.ndindex(label_ids.shape):
        is_object = any(mask[y, x] for mask in found)
        expected = SAM_COLOR if is_object else tuple(layout_colors(label_ids)[y, x])
        assert tuple(layout[y, x]) == expected
