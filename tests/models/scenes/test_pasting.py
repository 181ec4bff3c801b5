"""Maps keep their values; masks keep their shape, stay inside, and never vanish."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.scenes import paste_mask, resize_mask, resize_nearest

MASKS = arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))).filter(np.any)
SIDES = st.integers(1, 60)


def nearest_by_hand(mask, height, width):
    """The pixel below the center of each new pixel, one by one."""
    resized = np.zeros((height, width, *mask.shape[2:]), mask.dtype)
    for row in range(height):
        for column in range(width):
            y = int((row + 0.5) * mask.shape[0] / height)
            x = int((column + 0.5) * mask.shape[1] / width)
            resized[row, column] = mask[y, x]
    return resized


def covered_by_hand(mask, height, width):
    """Every pixel that touches a set pixel of the mask, by the borders of whole pixels."""
    resized = np.zeros((height, width), bool)
    for row in range(height):
        top = row * mask.shape[0] // height
        bottom = max((row + 1) * mask.shape[0] // height, top + 1)
        for column in range(width):
            left = column * mask.shape[1] // width
            right = max((column + 1) * mask.shape[1] // width, left + 1)
            resized[row, column] = mask[top:bottom, left:right].any()
    return resized


@given(MASKS, SIDES, SIDES)
@settings(max_examples=150, deadline=None)
def test_resizing_is_nearest_unless_that_loses_half(mask, height, width):
    resized = resize_mask(mask, height_px=height, width_px=width)
    nearest = nearest_by_hand(mask, height, width)
    keeps_half = nearest.mean() >= 0.5 * mask.mean()
    assert (resized == (nearest if keeps_half else covered_by_hand(mask, height, width))).all()


@given(MASKS, SIDES, SIDES)
@settings(max_examples=300, deadline=None)
def test_no_mask_ever_vanishes(mask, height, width):
    resized = resize_mask(mask, height_px=height, width_px=width)
    assert resized.any()
    assert resized.mean() >= 0.5 * mask.mean() - 1e-9


def test_a_line_one_pixel_wide_survives_any_reduction():
    mask = np.zeros((100, 100), bool)
    mask[:, 37] = True
    for side in range(1, 100):
        resized = resize_mask(mask, height_px=side, width_px=side)
        assert resized.any(axis=1).all()


@given(
    MASKS,
    st.tuples(st.integers(-50, 60), st.integers(-50, 60), SIDES, SIDES),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_pasting_agrees_with_pasting_pixel_by_pixel(mask, box, is_flipped):
    x, y, width, height = box
    expected = np.zeros((48, 56), bool)
    resized = resize_mask(mask[:, ::-1] if is_flipped else mask, height_px=height, width_px=width)
    for row in range(height):
        for column in range(width):
            if 0 <= y + row < 48 and 0 <= x + column < 56:
                expected[y + row, x + column] = resized[row, column]
    assert (paste_mask(mask, box, (48, 56), is_flipped=is_flipped) == expected).all()


@pytest.mark.parametrize(
    ("mask", "side"), [(np.zeros((3, 3), bool), 5), (np.ones((3, 3), bool), 0)]
)
def test_nothing_to_resize_is_refused(mask, side):
    with pytest.raises(ValueError, match="need a mask with an object"):
        resize_mask(mask, height_px=side, width_px=3)


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    SIDES,
    SIDES,
    st.sampled_from([(), (3,)]),
    st.sampled_from([np.uint8, bool, np.int32]),
)
@settings(max_examples=100, deadline=None)
def test_every_map_takes_the_pixel_below_the_center(shape, height, width, channels, dtype):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, *channels)).astype(dtype)
    resized = resize_nearest(pixels, height_px=height, width_px=width)
    assert resized.dtype == dtype
    assert np.array_equal(resized, nearest_by_hand(pixels, height, width))


def test_the_size_that_a_map_has_changes_nothing():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(resize_nearest(pixels, height_px=3, width_px=4), pixels)


@pytest.mark.parametrize("shape", [(0, 4), (4, 0)])
def test_maps_without_pixels_are_refused(shape):
    with pytest.raises(ValueError, match="need sizes of 1 or more, got"):
        resize_nearest(np.zeros(shape, np.uint8), height_px=3, width_px=3)
    with pytest.raises(ValueError, match="to become 0x3"):
        resize_nearest(np.zeros((2, 2), np.uint8), height_px=0, width_px=3)
