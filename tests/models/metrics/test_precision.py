import inspect

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from models.metrics import average_precision


def test_average_precision_is_that_of_scikit_learn_with_ties():
    rng = np.random.default_rng(0)
    for _ in range(200):
        n_pixels = int(rng.integers(1, 60))
        is_ood = rng.random(n_pixels) < 0.3
        is_ood[rng.integers(n_pixels)] = True
        score = np.round(rng.random(n_pixels) + 0.3 * is_ood, int(rng.integers(0, 3)))
        expected = average_precision_score(is_ood, score)
        assert average_precision(score, is_ood) == pytest.approx(expected, abs=1e-12)


def test_average_precision_needs_ood_pixels_and_finite_scores():
    with pytest.raises(ValueError, match="need OOD pixels, got none of 3"):
        average_precision(np.zeros(3), np.zeros(3, bool))
    with pytest.raises(ValueError, match="finite"):
        average_precision(np.array([np.nan, 1.0]), np.array([True, False]))


@pytest.mark.parametrize("kind", ["u1", "u2", "u8", "i1", "f2", "?"])
def test_average_precision_reads_scores_of_any_type(kind):
    limits = {"u": (0, 200), "i": (-128, 127), "f": (-2, 2), "b": (0, 1)}[np.dtype(kind).kind]
    low, high = np.array(limits).astype(kind)
    is_ood = np.array([False, False, True])
    assert average_precision(np.array([low, low, high]), is_ood) == 1
    assert average_precision(np.array([high, high, low]), is_ood) == pytest.approx(1 / 3)


def test_average_precision_of_bytes_that_would_wrap():
    score, is_ood = np.array([0, 1, 200], np.uint8), np.array([0, 0, 1], bool)
    assert average_precision(score, is_ood) == 1


@pytest.mark.parametrize(
    ("score", "is_ood", "words"),
    [
        (np.zeros(3), np.array([0, 1, 255], np.uint8), "need a mask of booleans .* got uint8"),
        (np.zeros(3), np.ones(4, bool), r"got the shapes \(3,\) and \(4,\)"),
        (np.zeros((2, 2)), np.ones((2, 2), bool), r"on one axis, got the shapes \(2, 2\)"),
    ],
)
def test_average_precision_refuses_what_is_no_pair_of_pixels(score, is_ood, words):
    # The annotations would refuse them first; people do not have that hook.
    with pytest.raises(ValueError, match=words):
        inspect.unwrap(average_precision)(score, is_ood)
