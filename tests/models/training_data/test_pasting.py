import numpy as np
import pytest

from models.training_data import PasteConfig, PastedObject
from models.training_data.pasting import paste_random_object, scaled_object
from tests.models.training_data.streets import object_of

ROOM = (40, 60)


def blank():
    return np.full((*ROOM, 3), 9, np.uint8), np.zeros(ROOM, np.uint8)


def paste(objects, seed=0, scales=(1.0,)):
    picture, target = blank()
    draws = np.random.default_rng(seed)
    paste_random_object(picture, target, objects, PasteConfig(scales=scales), draws)
    return picture, target


@pytest.mark.parametrize("seed", range(20))
def test_a_paste_pixel_by_pixel(seed):
    thing = object_of((10, 14))
    picture, target = paste([thing], seed)
    rows, columns = (np.flatnonzero((target == 254).any(axis)) for axis in (1, 0))
    top, left = rows[0], columns[0]
    expected_picture, expected_target = blank()
    marked = np.argwhere(thing.mask)
    for y, x in marked:
        to_y, to_x = y - marked[:, 0].min() + top, x - marked[:, 1].min() + left
        expected_picture[to_y, to_x] = thing.image[y, x]
        expected_target[to_y, to_x] = 254
    np.testing.assert_array_equal(picture, expected_picture)
    np.testing.assert_array_equal(target, expected_target)


def test_every_place_object_and_scale_is_drawn():
    dots = [
        PastedObject(
            object_id=str(value),
            image=np.full((20, 20, 3), value, np.uint8),
            mask=np.ones((20, 20), bool),
        )
        for value in (50, 60, 70)
    ]
    seen, tops, lefts = set(), set(), set()
    for seed in range(400):
        picture, target = paste(dots, seed, (0.5, 1.0))
        here = target == 254
        seen.add((int(picture[here][0, 0]), int(here.sum())))
        rows, columns = np.nonzero(here)
        if here.sum() == 400:
            tops.add(int(rows.min()))
            lefts.add(int(columns.min()))
    assert seen == {(value, area) for value in (50, 60, 70) for area in (100, 400)}
    assert tops == set(range(21))
    assert (min(lefts), max(lefts)) == (0, 40)


@pytest.mark.parametrize("size", [(100, 30), (30, 200), (300, 500)])
def test_an_object_larger_than_the_crop_is_made_to_fit(size):
    thing = object_of(size)
    image, mask = scaled_object(thing, 1.0, ROOM)
    assert image.shape == (*mask.shape, 3)
    assert mask.shape[0] == ROOM[0] or mask.shape[1] == ROOM[1]
    assert mask.shape[0] / mask.shape[1] == pytest.approx(size[0] / size[1], rel=0.15)
    _, target = paste([thing])
    assert 0 < (target == 254).sum() < target.size


@pytest.mark.parametrize("scale", [0.1, 0.3, 1.0])
def test_a_thin_object_never_vanishes(scale):
    mask = np.eye(60, dtype=bool)
    thing = PastedObject(object_id="rope", image=np.zeros((60, 60, 3), np.uint8), mask=mask)
    assert scaled_object(thing, scale, ROOM)[1].any()
    mask = np.zeros((50, 50), bool)
    mask[[0, 0, 49, 49], [0, 49, 0, 49]] = True
    thing = PastedObject(object_id="dots", image=np.zeros((50, 50, 3), np.uint8), mask=mask)
    assert scaled_object(thing, scale, ROOM)[1].any()
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    thing = PastedObject(object_id="dot", image=np.zeros((9, 9, 3), np.uint8), mask=mask)
    assert scaled_object(thing, scale, ROOM)[1].shape == (1, 1)


def test_no_object_is_a_clear_error():
    with pytest.raises(ValueError, match=r"at least one object.*paste=None"):
        paste([])
