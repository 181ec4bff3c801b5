import math

import numpy as np
import pytest

from models.filtering import (
    ScoreHistogram,
    calibrate_threshold,
    known_scores,
    resolve_ood_threshold,
)

QUANTILES = (0.01, 0.5, 0.9, 0.95, 0.99)


def exact(scores, frac):
    """The smallest score that the share ``frac`` of all scores does not exceed."""
    ordered = np.sort(scores.ravel())
    return float(ordered[math.ceil(frac * len(ordered)) - 1])


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(-6, 2, 5000),
        lambda rng: rng.normal(0, 1e-3, 5000),
        lambda rng: rng.exponential(1, 5000),
        lambda rng: rng.choice([-3.0, -1.0, 0.0, 2.5], 5000),
        lambda rng: np.full(5000, -3.02),
        lambda rng: rng.normal(0, 1e30, 5000),
    ],
)
def test_the_threshold_is_that_of_the_sorted_scores(draw):
    scores = draw(np.random.default_rng(0)).astype(np.float32)
    for frac in QUANTILES:
        threshold, expected = calibrate_threshold([scores], frac), exact(scores, frac)
        assert 0 <= threshold - expected <= abs(expected) / 2000 + 1e-38
        assert (scores <= threshold).mean() >= frac


def test_chunks_and_their_order_change_nothing():
    scores = np.random.default_rng(1).normal(size=(6, 10, 20)).astype(np.float32)
    whole = calibrate_threshold([scores], 0.9)
    assert calibrate_threshold(iter(scores), 0.9) == whole
    assert calibrate_threshold(scores[::-1], 0.9) == whole
    both = ScoreHistogram.of(scores[:2]) + ScoreHistogram.of(scores[2:])
    assert both.quantile(0.9) == whole
    assert both.n_scores == scores.size


def test_empty_chunks_and_other_float_types_are_fine():
    scores = np.random.default_rng(2).normal(size=200)
    empty = np.empty((0, 3), np.float32)
    assert calibrate_threshold([empty, scores, empty], 0.5) == calibrate_threshold(
        [scores.astype(np.float32)], 0.5
    )


def test_the_largest_numbers_stay_finite():
    largest = np.finfo(np.float32).max
    scores = np.array([-largest, largest] * 50, np.float32)
    assert calibrate_threshold([scores], 0.9) == largest
    assert math.isfinite(calibrate_threshold([scores], 0.1))


@pytest.mark.parametrize("frac", [0.0, 1.0, -0.5, 95.0, math.nan])
def test_quantiles_out_of_range_are_refused(frac):
    with pytest.raises(ValueError, match=f"need a quantile between 0 and 1, got {frac}"):
        calibrate_threshold([np.zeros(1000, np.float32)], frac)


def test_too_few_scores_are_refused():
    scores = np.zeros(99, np.float32)
    with pytest.raises(ValueError, match=r"at least 100 in-distribution scores for .* got 99"):
        calibrate_threshold([scores], 0.99)
    with pytest.raises(ValueError, match=r"got 0"):
        calibrate_threshold([], 0.5)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_scores_that_are_not_finite_are_refused(value):
    scores = np.array([0, value, 1, value], np.float32)
    with pytest.raises(ValueError, match="need finite OOD scores, got 2 of 4 that are not"):
        calibrate_threshold([scores], 0.5)


def test_known_scores_are_those_of_the_classes():
    label = np.array([[0, 18, 19], [254, 255, 7]], dtype=np.uint8)
    ood_score = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert known_scores(ood_score, label).tolist() == [0, 1, 5]
    assert known_scores(ood_score, label.astype(np.int16) - 1).tolist() == [1, 2, 5]


def test_a_threshold_is_a_number_or_a_quantile():
    histogram = ScoreHistogram.of(np.linspace(0, 1, 1000, dtype=np.float32))
    assert resolve_ood_threshold(number=-3.02) == -3.02
    found = resolve_ood_threshold(quantile=0.9, in_distribution=histogram)
    assert found == histogram.quantile(0.9)
    for wrong in ({}, {"number": 1.0, "quantile": 0.5}):
        with pytest.raises(ValueError, match="as a number or as a quantile, got number="):
            resolve_ood_threshold(**wrong)
    with pytest.raises(ValueError, match=r"for the quantile 0.9, got none; calibrate first"):
        resolve_ood_threshold(quantile=0.9)
