"""Objects stand on the road, are sized by their row, and hide no road user."""

import numpy as np
import pytest

from models.scenes import (
    CAMERAS,
    Camera,
    PerspectiveRule,
    PlacementRules,
    Subject,
    object_heights,
    place_object,
)
from storage.label_space import OOD_CLASS_LISTS

ROAD, CAR = 7, 26
CAMERA = Camera(height_m=1.25, horizon_frac=0.4)
RULE = PerspectiveRule(CAMERA)
RULES = PlacementRules(rule=RULE)


def test_a_thing_as_high_as_the_camera_reaches_the_horizon():
    subject = Subject(np.ones((20, 10), bool), height_m=1.25)
    horizon = 0.4 * 1000
    for bottom in (500, 600, 700):
        _, top, width, height = RULE.box_at(500, bottom, subject, (1000, 2000))
        assert top == pytest.approx(horizon, abs=1)
        assert top + height == bottom + 1
        assert width == pytest.approx(height / 2, abs=1)


def test_size_agrees_with_a_pinhole_camera():
    """Project both ends of a post of 0.8 m at known distances, with a focal length of 900 px."""
    subject = Subject(np.ones((8, 4), bool), height_m=0.8)
    for distance in (2.5, 4.0, 8.0):
        foot = 400 + 900 * 1.25 / distance
        head = 400 + 900 * (1.25 - 0.8) / distance
        _, _, _, height = RULE.box_at(500, round(foot) - 1, subject, (1000, 2000))
        assert height == pytest.approx(foot - head, abs=1.5)


def test_sizes_stay_between_64_and_500():
    tall, tiny = (Subject(np.ones((10, 10), bool), height_m=height) for height in (9.0, 0.01))
    assert RULE.box_at(500, 900, tall, (1024, 2048))[2:] == (500, 500)
    assert RULE.box_at(500, 900, tiny, (1024, 2048))[2:] == (64, 64)
    assert RULE.box_at(60, 100, tall, (128, 256))[2:] == (62, 62)


def test_rows_of_a_fair_size_are_preferred(street):
    subject = Subject(np.ones((10, 10), bool), height_m=0.6)
    rows = RULE.spots(street, subject) // street.shape[1]
    sides = (rows + 1 - 0.4 * 128) * 0.6 / 1.25
    assert rows.size
    assert sides.min() >= 64 / 8
    assert sides.max() <= 500 / 8
    assert (street.ravel()[RULE.spots(street, subject)] == ROAD).all()
    huge = RULE.spots(street, Subject(np.ones((10, 10), bool), height_m=50.0))
    assert huge.size > rows.size


def test_road_above_the_horizon_is_no_place(street):
    street[:] = 23
    street[10:40, 40:200] = ROAD
    assert place_object(street, Subject(np.ones((9, 9), bool)), RULES, seed=1) is None


def test_places_meet_the_rule(street):
    n_placed = 0
    for seed in range(60):
        placed = place_object(street, Subject(np.ones((12, 9), bool), 0.9), RULES, seed=seed)
        if placed is None:
            continue
        n_placed += 1
        assert not (street[placed.mask] == CAR).any()
        rows = np.flatnonzero(placed.mask.any(axis=1))
        n_foot = max(1, round(0.1 * rows.size))
        foot = placed.mask.copy()
        foot[: rows[-1] + 1 - n_foot] = False
        assert (street[foot] == ROAD).mean() >= 0.8
        _, y, _, height = placed.box
        assert y + height == rows[-1] + 1
    assert n_placed > 50


def test_a_road_full_of_cars_has_no_room(street):
    street[60:, ::3] = CAR
    assert place_object(street, Subject(np.ones((9, 9), bool)), RULES, seed=1) is None


def test_every_class_has_a_height():
    assert set(object_heights()) == set(OOD_CLASS_LISTS["published_train"])
    assert all(0.1 < height < 10 for height in object_heights().values())


def test_both_worlds_have_a_camera():
    assert set(CAMERAS) == {"paper", "miniature"}
