import math

import numpy as np
import pytest

from models.filtering import layout_agreement, object_scores, scene_scores


def corner(*size: int) -> np.ndarray:
    mask = np.zeros((4, 4), dtype=bool)
    mask[: size[0], : size[1]] = True
    return mask


def ramp() -> np.ndarray:
    return np.arange(16, dtype=np.float32).reshape(4, 4) - 8


def test_scores_worked_by_hand():
    scores = object_scores(corner(2, 2), corner(2, 1), ramp(), predicted_iou=0.25)
    assert scores.iou == 0.5
    assert scores.mean_ood_score == (-8 + -4) / 2
    assert scores.predicted_iou == 0.25
    assert (scores.pasted_area_px, scores.sam_area_px) == (4, 2)
    assert type(scores.pasted_area_px) is type(scores.sam_area_px) is int


def test_nothing_found_and_nothing_pasted_are_no_nan():
    scores = object_scores(corner(0, 0), corner(0, 0), ramp(), predicted_iou=0.0)
    assert (scores.iou, scores.mean_ood_score) == (0, None)
    assert (scores.pasted_area_px, scores.sam_area_px) == (0, 0)
    scores = object_scores(corner(2, 2), corner(0, 0), ramp(), predicted_iou=0.0)
    assert (scores.iou, scores.mean_ood_score, scores.sam_area_px) == (0, None, 0)


def test_half_precision_scores_do_not_overflow_in_the_mean():
    ood_score = np.full((4, 4), 60000, dtype=np.float16)
    scores = object_scores(corner(4, 4), corner(4, 4), ood_score, predicted_iou=1.0)
    assert scores.mean_ood_score == np.float64(np.float16(60000))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_where_they_count(value):
    ood_score = ramp()
    ood_score[3, 3] = value
    object_scores(corner(2, 2), corner(2, 2), ood_score, predicted_iou=1.0)
    ood_score[0, :2] = value
    with pytest.raises(ValueError, match="got 2 other scores on SAM's mask"):
        object_scores(corner(2, 2), corner(2, 2), ood_score, predicted_iou=1.0)
    with pytest.raises(ValueError, match=f"predicted IoU {value}"):
        object_scores(corner(2, 2), corner(2, 2), ramp(), predicted_iou=value)


def test_agreement_counts_pixels_of_the_background_alone():
    rng = np.random.default_rng(0)
    for _ in range(100):
        label = rng.choice(np.array([0, 1, 254, 255], dtype=np.uint8), (3, 4))
        predicted = rng.integers(0, 2, (3, 4)).astype(np.uint8)
        pasted = rng.random((2, 3, 4)) < 0.3
        counted = [
            label[p] == predicted[p]
            for p in np.ndindex(3, 4)
            if label[p] < 19 and not pasted[0][p] and not pasted[1][p]
        ]
        expected = sum(counted) / len(counted) if counted else None
        assert layout_agreement(predicted, label, pasted) == expected


def test_no_background_is_no_agreement():
    label = np.zeros((2, 2), dtype=np.uint8)
    everywhere = np.ones((2, 2), dtype=bool)
    assert layout_agreement(label, label, everywhere) is None
    assert layout_agreement(label, np.full_like(label, 255), ~everywhere) is None


def test_a_scene_has_the_scores_of_its_objects_in_order():
    pasted = np.stack([corner(2, 2), corner(4, 4)])
    found = np.stack([corner(2, 1), corner(4, 4)])
    ious = np.array([0.25, 1], dtype=np.float32)
    scores = scene_scores(pasted, found, ious, ramp(), agreement=0.5)
    assert scores.layout_agreement == 0.5
    assert scores.objects == (
        object_scores(pasted[0], found[0], ramp(), predicted_iou=0.25),
        object_scores(pasted[1], found[1], ramp(), predicted_iou=1.0),
    )
    empty = scene_scores(pasted[:0], found[:0], ious[:0], ramp())
    assert (empty.objects, empty.layout_agreement) == ((), None)
