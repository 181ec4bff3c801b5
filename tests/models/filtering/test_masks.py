import numpy as np
import pytest

from models.filtering import mask_box, mask_iou
from models.filtering.masks import any_object


def test_the_box_includes_its_last_pixels():
    mask = np.zeros((5, 7), dtype=bool)
    mask[1, 2] = mask[3, 5] = True
    assert mask_box(mask) == (2.0, 1.0, 5.0, 3.0)
    assert mask_box(np.ones((5, 7), dtype=bool)) == (0.0, 0.0, 6.0, 4.0)


def test_random_boxes_match_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(100):
        mask = rng.random((6, 9)) < 0.1
        if mask.any():
            ys, xs = np.nonzero(mask)
            assert mask_box(mask) == (xs.min(), ys.min(), xs.max(), ys.max())


def test_an_empty_mask_has_no_box():
    with pytest.raises(ValueError, match=r"need a mask with at least one pixel, got \(3, 4\)"):
        mask_box(np.zeros((3, 4), dtype=bool))


def test_iou_counts_pixels():
    rng = np.random.default_rng(1)
    for _ in range(100):
        first, second = rng.random((2, 3, 4)) < 0.3
        pairs = list(zip(first.ravel(), second.ravel(), strict=True))
        union = sum(a or b for a, b in pairs)
        expected = sum(a and b for a, b in pairs) / union if union else 0
        assert mask_iou(first, second) == expected


def test_the_iou_of_nothing_is_zero():
    nothing = np.zeros((2, 2), dtype=bool)
    assert mask_iou(nothing, nothing) == 0
    assert mask_iou(nothing, ~nothing) == 0


def test_any_object_of_one_of_several_and_of_none():
    masks = np.zeros((2, 2, 3), dtype=bool)
    masks[0, 0, 0] = masks[1, 1, 2] = True
    assert any_object(masks).sum() == 2
    assert np.array_equal(any_object(masks[0]), masks[0])
    assert not any_object(masks[:0]).any()
