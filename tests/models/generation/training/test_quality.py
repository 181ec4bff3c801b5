import numpy as np
import pytest
from scipy.linalg import sqrtm

from models.generation.training.quality import (
    agreement,
    class_ious,
    class_table,
    frechet_distance,
    mean_ood_iou,
    ratio,
)


@pytest.mark.parametrize("seed", range(20))
def test_ious_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(np.array([0, 1, 2, 4, 255], np.uint8), (2, 5, 6))
    predicted = rng.integers(0, 5, labels.shape).astype(np.uint8)
    found = class_ious(class_table(labels, predicted, n_classes=5))
    seen = labels < 5
    for number in range(5):
        true, said = (labels == number) & seen, (predicted == number) & seen
        if not true.any():
            assert np.isnan(found[number])
            continue
        assert found[number] == pytest.approx((true & said).sum() / (true | said).sum())


def test_the_distance_is_that_of_the_formula():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(200, 6)).astype(np.float32)
    second = (rng.normal(size=(150, 6)) @ rng.normal(size=(6, 6)) + 2).astype(np.float32)
    a, b = np.cov(first.astype(float), rowvar=False), np.cov(second.astype(float), rowvar=False)
    gap = first.mean(0, dtype=float) - second.mean(0, dtype=float)
    wanted = gap @ gap + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(first, second) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first))
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)


def test_the_distance_of_fewer_pictures_than_features_is_a_number():
    rng = np.random.default_rng(1)
    found = frechet_distance(rng.normal(size=(3, 8)), rng.normal(size=(3, 8)))
    assert np.isfinite(found)
    assert found > 0
    with pytest.raises(ValueError, match="need two pictures a set, got 1 and 3"):
        frechet_distance(rng.normal(size=(1, 8)), rng.normal(size=(3, 8)))


def test_the_mean_iou_of_labels_is_that_of_its_scenes():
    label = np.zeros((2, 4), np.uint8)
    label[0] = 254
    unknown = np.zeros((2, 4), bool)
    unknown[:, :2] = True  # two of six pixels agree
    assert mean_ood_iou([label, label], [unknown, label == 254]) == pytest.approx((2 / 6 + 1) / 2)
    assert mean_ood_iou([], []) is None


def test_shares_and_ratios():
    assert agreement(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 0])) == 0.5
    assert ratio(0.5, 0.8) == pytest.approx(0.625)
    assert ratio(None, 0.8) is None
    assert ratio(0.5, None) is None
    assert ratio(0.5, 0.0) is None
