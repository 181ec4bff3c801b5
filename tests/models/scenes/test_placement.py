"""Places follow their rule, told again by brute force on small maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.scenes import PlacementRules, PublishedRule, Subject, place_object, resize_mask
from models.scenes.surfaces import ground_ids, road_frac, thing_ids

ROAD, SKY = 7, 23
SQUARE = Subject(np.ones((30, 30), bool))
RULES = PlacementRules()


def spots_by_hand(label_ids):
    """Road pixels at the largest of the margins 150, 140, ..., 10 (of 1024) that has some."""
    height, width = label_ids.shape
    for margin in range(150, 9, -10):
        edge = max(1, round(margin * height / 1024))
        found = [
            y * width + x
            for y in range(height)
            for x in range(width)
            if label_ids[y, x] == ROAD
            and min(x, y) >= edge
            and x < width - edge
            and y < height - edge
        ]
        if found:
            return found
    return []


@given(arrays(np.uint8, (32, 64), elements=st.sampled_from([ROAD, SKY, SKY, SKY])), st.data())
@settings(max_examples=60, deadline=None)
def test_spots_are_those_of_the_definition(label_ids, data):
    if data.draw(st.booleans()):  # road at the border only: the margin has to fall
        label_ids[4:28, 4:60] = SKY
    assert PublishedRule().spots(label_ids, SQUARE).tolist() == spots_by_hand(label_ids)


@pytest.mark.parametrize(
    ("shape", "height", "size"),
    [
        ((100, 50), 1024, (200, 100)),  # enlarged to 200
        ((300, 250), 1024, (300, 250)),  # kept
        ((600, 1000), 1024, (300, 500)),  # reduced to 500
        ((100, 50), 128, (62, 31)),  # 500 is 62.5 there
        ((10, 5), 128, (25, 12)),
        ((3, 3000), 1024, (1, 500)),  # never without a row
    ],
)
def test_the_longer_side_is_200_to_500_of_1024(shape, height, size):
    box = PublishedRule().box_at(900, 500, Subject(np.ones(shape, bool)), (height, 2 * height))
    assert box[2:] == (size[1], size[0])


def test_boxes_are_shifted_in_at_the_left_and_top_and_cut_at_the_others():
    rule = PublishedRule()
    assert rule.box_at(3, 4, SQUARE, (128, 256)) == (0, 0, 30, 30)
    assert rule.box_at(250, 120, SQUARE, (128, 256)) == (235, 105, 30, 30)


def test_equal_seeds_give_equal_places_and_others_others(street):
    boxes = [place_object(street, SQUARE, RULES, seed=seed).box for seed in range(30)]
    again = [place_object(street, SQUARE, RULES, seed=seed).box for seed in range(30)]
    assert boxes == again
    assert len(set(boxes)) > 20


@given(
    arrays(bool, st.tuples(st.integers(1, 50), st.integers(1, 50))).filter(np.any),
    st.integers(0, 2**63 - 1),
    st.integers(1, 127),
)
@settings(max_examples=150, deadline=None)
def test_what_is_placed_is_in_sight(mask, seed, n_rows):
    label_ids = np.full((128, 256), SKY, np.uint8)
    label_ids[-n_rows:] = ROAD
    placed = place_object(label_ids, Subject(mask), RULES, seed=seed)
    if placed is None:
        return
    x, y, width, height = placed.box
    assert min(x, y) >= 0
    whole = resize_mask(mask, height_px=height, width_px=width).sum()
    assert placed.mask.sum() >= max(400 / 64, 0.5 * whole)


def test_the_share_in_sight_is_kept(street):
    street[:] = SKY
    street[-4:, -4:] = ROAD  # the center is near the corner: 40 % would be in sight
    assert place_object(street, SQUARE, RULES, seed=1) is None
    loose = PlacementRules(min_visible_frac=0.2)
    placed = place_object(street, SQUARE, loose, seed=1)
    assert 0.2 <= placed.mask.sum() / 900 < 0.5


def test_small_objects_find_no_place(street):
    thin = Subject(np.ones((1, 600), bool))
    assert place_object(street, thin, RULES, seed=1) is not None
    assert place_object(street, thin, PlacementRules(min_area_px=6400.0), seed=1) is None


def test_without_road_there_is_no_place(street):
    street[street == ROAD] = SKY
    assert place_object(street, SQUARE, RULES, seed=1) is None


def test_objects_leave_earlier_ones_alone(street):
    taken = np.zeros(street.shape, bool)
    for seed in range(8):
        placed = place_object(street, Subject(np.ones((9, 9), bool)), RULES, seed=seed, taken=taken)
        if placed is not None:
            assert not (placed.mask & taken).any()
            taken |= placed.mask
    everything = np.ones(street.shape, bool)
    assert place_object(street, SQUARE, RULES, seed=1, taken=everything) is None


def test_what_is_hidden_is_recorded(street):
    for seed in range(20):
        placed = place_object(street, SQUARE, RULES, seed=seed)
        hidden = street[placed.mask]
        share = np.isin(hidden, [6, 7, 8, 9, 10, 22], invert=True).mean()
        assert placed.not_ground_frac == pytest.approx(share)


def test_flips_are_drawn_and_do_not_move_the_box(street):
    lopsided = np.zeros((30, 30), bool)
    lopsided[:, :10] = True
    flipped = [
        place_object(street, Subject(lopsided), PlacementRules(flip_frac=0.5), seed=seed)
        for seed in range(60)
    ]
    assert 10 < sum(placed.is_flipped for placed in flipped) < 50
    always = place_object(street, Subject(lopsided), PlacementRules(flip_frac=1.0), seed=3)
    never = place_object(street, Subject(lopsided), PlacementRules(), seed=3)
    assert (always.is_flipped, never.is_flipped) == (True, False)
    assert always.box == never.box


def test_surfaces():
    assert np.flatnonzero(ground_ids()).tolist() == [6, 7, 8, 9, 10, 22]
    assert np.flatnonzero(thing_ids()).tolist() == list(range(24, 34))
    assert road_frac(np.array([[7, 8], [7, 0]], np.uint8)) == 0.5
