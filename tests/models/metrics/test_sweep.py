import numpy as np
import pytest

from models.metrics.sweep import Curve


def test_counts_of_a_trillion_pixels_do_not_overflow():
    n_in, n_ood = 10**12, 10**11
    values = np.array([0.0, 1.0], np.float32)
    half_in, half_ood = n_in // 2, n_ood // 2
    curve = Curve(n_in, n_ood)
    curve.take(
        values,
        np.array([half_ood, half_ood]),
        np.array([0, half_in]),
        np.array([half_in, n_in]),
        n_in=n_in,
        n_ood=n_ood,
    )
    scores = curve.scores(n_void=0, n_images=500_000)
    assert scores.auroc == pytest.approx(0.5, abs=1e-15)
    assert scores.ap == pytest.approx(1 / 11)
    assert (scores.fpr95, scores.fpr95_nearest) == (1.0, 1.0)
    assert scores.best_f1 == pytest.approx(2 / 12)


def test_stretches_add_up_to_one():
    counts = [np.array([4, 2, 1]), np.array([0, 3, 3]), np.array([1, 3, 5])]
    values = np.array([0.1, 0.2, 0.3], np.float32)
    whole, parts = Curve(9, 7), Curve(9, 7)
    whole.take(values, *counts, n_in=9, n_ood=7)
    parts.take(values[:1], *(column[:1] for column in counts), n_in=1, n_ood=4)
    parts.pass_by(2)
    rest = [counts[0][1:], counts[1][1:] - 3, counts[2][1:] - 3]
    parts.take(values[1:], *rest, n_in=6, n_ood=3)
    assert whole.scores(n_void=0, n_images=1) == parts.scores(n_void=0, n_images=1)
