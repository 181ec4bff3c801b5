"""Random score maps full of ties, and the numbers of each by the definition."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from models.metrics import PixelMetrics, PixelScores


def counted(score, label, **settings) -> PixelScores:
    metrics = PixelMetrics(**{"n_held": 500, **settings})
    metrics.update(np.asarray(score, np.float32), np.asarray(label, np.uint8))
    return metrics.compute()


def tied_case(rng, n_pixels=None):
    """Scores with many ties, a third of them OOD, and at least one of each class."""
    n_pixels = n_pixels or int(rng.integers(2, 300))
    label = (rng.random(n_pixels) < 0.3).astype(np.uint8)
    label[:2] = 0, 1
    score = np.round(rng.normal(label), int(rng.integers(0, 4))).astype(np.float32)
    return score, label


def points(score, label):
    """Threshold, pixels flagged and OOD pixels found, one by one from the highest score down."""
    for threshold in sorted(set(score.tolist()), reverse=True):
        flagged = [lab for value, lab in zip(score, label, strict=True) if value >= threshold]
        yield threshold, flagged.count(0), flagged.count(1)


def fpr95_by_definition(score, label):
    n_in, n_ood = int((label == 0).sum()), int((label == 1).sum())
    return next(wrong / n_in for _, wrong, found in points(score, label) if found / n_ood >= 0.95)


def fpr95_nearest_by_definition(score, label):
    """Thresholds from the one that first finds all, upwards; the first of the nearest recalls."""
    n_in, n_ood = int((label == 0).sum()), int((label == 1).sum())
    curve = [(found / n_ood, wrong / n_in) for _, wrong, found in points(score, label)]
    first_full = next(place for place, (recall, _) in enumerate(curve) if recall == 1)
    return min(curve[first_full::-1], key=lambda point: abs(point[0] - 0.95))[1]


def best_f1_by_definition(score, label):
    n_ood = int((label == 1).sum())
    return max(
        (2 * found / (found + wrong + n_ood), threshold)
        for threshold, wrong, found in points(score, label)
    )


def assert_exact(scores, score, label):
    assert scores.auroc == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    assert scores.ap == pytest.approx(average_precision_score(label, score), abs=1e-12)
    assert scores.fpr95 == pytest.approx(fpr95_by_definition(score, label), abs=1e-12)
    nearest = fpr95_nearest_by_definition(score, label)
    assert scores.fpr95_nearest == pytest.approx(nearest, abs=1e-12)
    f1, threshold = best_f1_by_definition(score, label)
    assert scores.best_f1 == pytest.approx(f1, abs=1e-12)
    assert scores.best_f1_threshold == threshold
    assert (scores.n_in, scores.n_ood) == ((label == 0).sum(), (label == 1).sum())
