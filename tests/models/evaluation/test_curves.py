"""Curves for plots: few points, each of them exact."""

import numpy as np
import pytest

from models.evaluation.curves import MAX_POINTS, CurveCounts, CurvePlan, ScoreSample


def counted(plan, score, label):
    counts = CurveCounts(plan)
    counts.update(score, label)
    return counts.points()


def test_points_and_bins_by_hand():
    plan = CurvePlan(
        thresholds=np.array([0, 2, 3], np.float32),
        histogram_edges=np.array([0.0, 2.0, 4.0]),
        calibration_edges=np.array([2], np.float32),
    )
    score = np.array([[0, 1, 2], [2, 3, 4]], np.float32)
    label = np.array([[0, 0, 0], [1, 1, 255]], np.uint8)
    points = counted(plan, score, label)
    assert points.thresholds == (3, 2, 0)
    assert points.recall == (0.5, 1, 1)
    assert points.false_positive_rate == (0, 1 / 3, 1)
    assert points.precision == (1, 2 / 3, 2 / 5)
    assert (points.histogram_in, points.histogram_ood) == ((2, 1), (0, 2))
    assert (points.calibration_n, points.calibration_ood_frac) == ((2, 3), (0, 2 / 3))
    assert points.calibration_scores == (0.5, 7 / 3)


@pytest.mark.parametrize("seed", range(5))
def test_points_are_those_of_all_pixels(seed):
    rng = np.random.default_rng(seed)
    maps = [rng.normal(size=(30, 40 + seed)).round(seed % 3 + 1).astype(np.float32) for _ in "abc"]
    labels = [rng.choice([0, 0, 0, 1, 255], found.shape).astype(np.uint8) for found in maps]
    sample = ScoreSample()
    for score, label in zip(maps, labels, strict=True):
        sample.update(score, label)
    plan = sample.plan(best_f1_threshold=float(maps[0].max()))
    counts = CurveCounts(plan)
    for score, label in zip(maps, labels, strict=True):
        counts.update(score, label)
    points = counts.points()
    scores = np.concatenate([m.ravel() for m in maps])
    truth = np.concatenate([m.ravel() for m in labels])
    assert len(points.thresholds) <= MAX_POINTS
    assert len(points.histogram_edges) == 65
    for place, threshold in enumerate(points.thresholds):
        flagged = scores >= np.float32(threshold)
        assert points.recall[place] == flagged[truth == 1].mean()
        assert points.false_positive_rate[place] == flagged[truth == 0].mean()
    assert points.recall[-1] == 1
    edges = np.array(points.histogram_edges)
    for value, found in ((0, points.histogram_in), (1, points.histogram_ood)):
        assert list(found) == np.histogram(scores[truth == value], edges)[0].tolist()
    assert sum(points.calibration_n) == np.isin(truth, (0, 1)).sum()


def test_one_value_alone_is_a_curve():
    score, label = np.full((2, 2), 7, np.float32), np.array([[0, 1], [0, 255]], np.uint8)
    sample = ScoreSample()
    sample.update(score, label)
    points = counted(sample.plan(best_f1_threshold=7.0), score, label)
    assert (points.thresholds, points.recall) == ((7,), (1,))
    assert sum(points.histogram_in) == 2


def test_one_class_has_no_curve():
    sample = ScoreSample()
    sample.update(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="scores of both classes"):
        sample.plan(best_f1_threshold=0.0)
