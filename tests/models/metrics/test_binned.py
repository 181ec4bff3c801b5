import numpy as np
import pytest

from models.metrics import BinnedPixelMetrics, PixelMetrics

NUMBERS = ("auroc", "ap", "fpr95", "fpr95_nearest")


def both(score, label, n_bits):
    exact, binned = PixelMetrics(n_held=1000), BinnedPixelMetrics(n_bits=n_bits)
    for metrics in (exact, binned):
        metrics.update(score, label)
    return exact.compute(), binned.compute()


def random_case(rng):
    n_pixels = int(rng.integers(2, 400))
    label = (rng.random(n_pixels) < rng.choice([0.05, 0.3, 0.9])).astype(np.uint8)
    label[:2] = 0, 1
    score = np.float32(rng.choice([1e-3, 1.0, 1e4])) * rng.normal(label).astype(np.float32)
    return np.round(score, int(rng.integers(0, 6))), label


@pytest.mark.parametrize("n_bits", [10, 13, 20])
def test_exact_numbers_and_own_ones_lie_within_the_bounds(n_bits):
    rng = np.random.default_rng(n_bits)
    for _ in range(150):
        exact, binned = both(*random_case(rng), n_bits)
        for name in NUMBERS:
            low, high = getattr(binned, f"{name}_bounds")
            assert 0 <= low <= high <= 1
            assert low - 1e-12 <= getattr(exact, name) <= high + 1e-12
            assert low - 1e-12 <= getattr(binned, name) <= high + 1e-12


def test_bounds_of_twenty_bits_are_narrow_for_scores_of_a_network():
    rng = np.random.default_rng(0)
    label = (rng.random(300_000) < 0.05).astype(np.uint8)
    score = rng.normal(2.0 * label).astype(np.float32)
    exact, binned = both(score, label, 20)
    widths = {name: np.ptp(getattr(binned, f"{name}_bounds")) for name in NUMBERS}
    assert max(widths.values()) < 2e-3
    assert all(abs(getattr(exact, name) - getattr(binned, name)) < 5e-4 for name in NUMBERS)
    assert binned.estimator == "binned by the leading 20 bits"


def test_scores_of_a_few_leading_bits_are_exact():
    score = np.array([-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0], np.float32)
    label = np.array([0, 1, 0, 0, 1, 0, 1, 1], np.uint8)
    exact, binned = both(score, label, 16)
    for name in (*NUMBERS, "best_f1"):
        assert getattr(binned, name) == pytest.approx(getattr(exact, name), abs=1e-12)
    assert -2 < binned.best_f1_threshold <= exact.best_f1_threshold  # lower edge of its bin


def test_merging_is_counting_together():
    rng = np.random.default_rng(1)
    whole, parts = BinnedPixelMetrics(), [BinnedPixelMetrics() for _ in range(3)]
    for part in parts:
        image = random_case(rng)
        part.update(*image)
        whole.update(*image)
    parts[2].merge(parts[0])
    parts[2].merge(parts[1])
    assert parts[2].compute() == whole.compute()
    with pytest.raises(ValueError, match="need bins of 20 bits, got 12"):
        whole.merge(BinnedPixelMetrics(n_bits=12))


def test_bad_input():
    with pytest.raises(ValueError, match="need 10 to 26 bits for a bin, got 30"):
        BinnedPixelMetrics(n_bits=30)
    with pytest.raises(ValueError, match="got 0 in distribution and 0 OOD"):
        BinnedPixelMetrics().compute()
    with pytest.raises(ValueError, match="finite"):
        BinnedPixelMetrics().update(np.array([np.nan], np.float32), np.array([1], np.uint8))
