import numpy as np
import pytest

from models.metrics import PixelMetrics, SmiycPixelMetrics, smiyc


def image(rng, n_pixels, n_ood):
    label = np.zeros(n_pixels, np.uint8)
    label[:n_ood] = 1
    score = np.clip(rng.normal(0.3 + 0.3 * label, 0.2), 0, 1).astype(np.float32)
    return score, label


def curve_by_definition(images, n_quantiles):
    """Points of the suite, pixel by pixel: each is placed at the lower edge of its image's bin."""
    placed = []
    for score, label in images:
        edges = {0.0, 1.0}
        for number in (0, 1):
            chosen = score[label == number]
            if chosen.size:
                steps = np.linspace(0, 1, min(n_quantiles, chosen.size))
                edges |= set(np.quantile(chosen, steps).tolist())
        inner = sorted(edges)[:-1]  # the last bin holds its upper edge
        for value, number in zip(score.tolist(), label.tolist(), strict=True):
            placed.append((max(edge for edge in inner if edge <= value), number))
    points = [(0, 0)]
    for threshold in sorted({edge for edge, _ in placed}, reverse=True):
        flagged = [number for edge, number in placed if edge >= threshold]
        points.append((flagged.count(0), flagged.count(1)))
    return np.array(points, float)


def test_numbers_are_those_of_the_definition(monkeypatch):
    monkeypatch.setattr(smiyc, "N_QUANTILES", 6)
    rng = np.random.default_rng(0)
    for _ in range(20):
        images = [image(rng, int(rng.integers(12, 60)), int(rng.integers(2, 9))) for _ in range(3)]
        images.append(image(rng, 20, 0))  # the suite counts images without objects too
        metrics = SmiycPixelMetrics()
        for score, label in images:
            metrics.update(score, label)
        wrong, found = curve_by_definition(images, 6).T
        recall, rate = found / found[-1], wrong / wrong[-1]
        scores = metrics.compute()
        area = ((recall[1:] + recall[:-1]) / 2 * np.diff(rate)).sum()
        assert scores.auroc == pytest.approx(area)
        gained = np.diff(recall) * found[1:] / (found[1:] + wrong[1:])
        assert scores.ap == pytest.approx(gained.sum())
        assert scores.fpr95 == rate[recall >= 0.95][0]
        assert scores.best_f1 == pytest.approx((2 * found / (found + wrong + found[-1])).max())
        assert scores.n_images == 4


def test_with_few_pixels_it_is_exact():
    rng = np.random.default_rng(1)
    score, label = image(rng, 100, 30)
    suite, exact = SmiycPixelMetrics(), PixelMetrics(n_held=100)
    for metrics in (suite, exact):
        metrics.update(score, label)
    assert suite.compute().ap == pytest.approx(exact.compute().ap, abs=0.01)
    assert suite.compute().auroc == pytest.approx(exact.compute().auroc, abs=0.01)


def test_merging_in_any_order():
    rng = np.random.default_rng(2)
    images = [image(rng, 500, 40) for _ in range(3)]
    whole, parts = SmiycPixelMetrics(), [SmiycPixelMetrics() for _ in images]
    for part, (score, label) in zip(parts, images, strict=True):
        part.update(score, label)
        whole.update(score, label)
    parts[2].merge(parts[0])
    parts[2].merge(parts[1])
    assert parts[2].compute() == whole.compute()


def test_void_pixels_and_bad_input():
    metrics = SmiycPixelMetrics()
    label = np.array([[0, 1], [255, 255]], np.uint8)
    metrics.update(np.array([[0.1, 0.9], [1.0, np.nan]], np.float32), label)
    scores = metrics.compute()
    assert (scores.ap, scores.n_void, scores.n_in, scores.n_ood) == (1.0, 2, 1, 1)
    with pytest.raises(ValueError, match="got 0 in distribution and 0 OOD"):
        SmiycPixelMetrics().compute()
    with pytest.raises(ValueError, match=r"got \[0, 2\]"):
        metrics.update(np.zeros(2, np.float32), np.array([0, 2], np.uint8))
