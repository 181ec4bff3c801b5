import inspect
import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from models.metrics import PixelMetrics, merging, sorted_scores
from tests.models.metrics.pixel_cases import assert_exact, counted, tied_case

NUMBERS = ("auroc", "ap", "fpr95", "fpr95_nearest", "best_f1", "best_f1_threshold")


def test_two_hundred_cases_full_of_ties():
    rng = np.random.default_rng(0)
    for _ in range(200):
        score, label = tied_case(rng)
        assert_exact(counted(score, label), score, label)


def test_cases_that_leave_memory_and_are_read_in_many_stretches(monkeypatch, tmp_path):
    monkeypatch.setattr(sorted_scores, "BLOCK", 4)
    monkeypatch.setattr(merging, "MOST_AT_ONCE", 7)
    rng = np.random.default_rng(1)
    for case in range(40):
        score, label = tied_case(rng, int(rng.integers(2, 100)))
        folder = tmp_path if case % 2 else None
        scores = counted(score, label, folder=folder, n_held=int(rng.integers(2, 60)))
        assert_exact(scores, score, label)
    assert list(tmp_path.glob("scores-*.f32"))


@pytest.mark.parametrize("spread", [1e-38, 1.0, 1e30])
def test_a_value_that_fills_all_and_its_neighbors_in_float32(monkeypatch, spread):
    monkeypatch.setattr(sorted_scores, "BLOCK", 64)  # no entry of the index between neighbors
    monkeypatch.setattr(merging, "MOST_AT_ONCE", 3)
    rng = np.random.default_rng(2)
    value = np.float32(spread)
    near = [np.nextafter(value, np.float32(way)) for way in (-np.inf, np.inf)]
    drawn = rng.choice(np.array([value, *near, -value, 0.0, -0.0], np.float32), 500)
    label = (rng.random(500) < 0.4).astype(np.uint8)
    assert_exact(counted(drawn, label, n_held=40), drawn, label)


def test_equal_scores_everywhere():
    label = np.array([0, 1, 0, 0, 1], np.uint8)
    scores = counted(np.full(5, 3.5), label)
    assert scores.auroc == 0.5
    assert scores.ap == pytest.approx(0.4)
    assert scores.fpr95 == scores.fpr95_nearest == 1.0
    assert scores.best_f1_threshold == 3.5


def test_minus_zero_is_zero():
    assert counted([-0.0, 0.0], [1, 0]).auroc == 0.5
    assert counted([-0.0, 0.0], [0, 1], n_held=1).auroc == 0.5


@pytest.mark.parametrize("place", range(5))
def test_one_ood_pixel(place):
    label = np.zeros(5, np.uint8)
    label[place] = 1
    score = np.array([0.1, 0.2, 0.3, 0.4, 0.5], np.float32)
    scores = counted(score, label)
    assert scores.auroc == pytest.approx(place / 4)
    assert scores.ap == pytest.approx(1 / (5 - place))
    assert scores.fpr95 == scores.fpr95_nearest == pytest.approx(1 - place / 4)


def test_the_two_rules_differ_where_recall_jumps_over_95_percent():
    # Recall 18/19 = 0.947 is nearer than 19/19, and its lowest threshold flags the 0.5 as well.
    score = np.array([1.0] * 18 + [0.5, 0.4, 0.3], np.float32)
    label = np.array([1] * 18 + [0, 1, 0], np.uint8)
    scores = counted(score, label)
    assert (scores.fpr95, scores.fpr95_nearest) == (0.5, 0.5)
    label = np.array([1] * 18 + [0, 0, 1], np.uint8)
    score[18] = 1.0
    scores = counted(score, label)
    assert (scores.fpr95, scores.fpr95_nearest) == (1.0, 1.0)
    score = np.array([1.0] * 18 + [0.5, 0.2, 0.3], np.float32)
    label = np.array([1] * 18 + [1, 0, 0], np.uint8)
    assert counted(score, label).fpr95_nearest == 0.0
    score = np.array([1.0] * 18 + [0.2, 0.2, 0.3], np.float32)
    scores = counted(score, label)
    assert (scores.fpr95, scores.fpr95_nearest) == (1.0, 0.5)


def test_merging_in_any_order_and_image_by_image():
    rng = np.random.default_rng(3)
    images = [tied_case(rng, n_pixels) for n_pixels in (7, 40, 90)]
    score, label = (np.concatenate(parts) for parts in zip(*images, strict=True))
    whole = counted(score, label)
    for order in itertools.permutations(images):
        parts = []
        for image in order:
            parts.append(PixelMetrics(n_held=16))
            parts[-1].update(*image)
        parts[1].merge(parts[2])
        parts[0].merge(parts[1])
        merged = parts[0].compute()
        assert all(getattr(merged, name) == pytest.approx(getattr(whole, name)) for name in NUMBERS)
        assert merged.n_images == 3
        assert parts[1].compute().n_images == 2


def test_counting_goes_on_after_the_numbers_were_read():
    rng = np.random.default_rng(4)
    (first, first_label), (second, second_label) = tied_case(rng, 50), tied_case(rng, 60)
    metrics = PixelMetrics(n_held=30)
    metrics.update(first, first_label)
    before = metrics.compute()
    assert metrics.compute() == before
    metrics.update(second, second_label)
    joined = np.concatenate([first, second]), np.concatenate([first_label, second_label])
    assert_exact(metrics.compute(), *joined)


def test_void_pixels_do_not_count_and_may_hold_anything():
    score = np.array([[0.1, np.nan], [np.inf, 0.9]], np.float32)
    scores = counted(score, [[0, 255], [255, 1]])
    assert (scores.auroc, scores.n_in, scores.n_ood, scores.n_void) == (1.0, 1, 1, 2)


def test_any_shape_and_any_stride():
    score = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    label = (score > 11).astype(np.uint8)
    assert counted(score, label).auroc == 1
    assert counted(score.T[::-1], label.T[::-1]).auroc == 1
    assert counted(score[:, ::2, 1], label[:, ::2, 1]).n_in == 2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused_and_nothing_is_counted(value):
    metrics = PixelMetrics(n_held=8)
    metrics.update(np.array([0.0, 1.0], np.float32), np.array([0, 1], np.uint8))
    with pytest.raises(ValueError, match="need finite scores, got"):
        metrics.update(np.array([0.5, 0.7, value], np.float32), np.array([1, 0, 0], np.uint8))
    scores = metrics.compute()
    assert (scores.n_in, scores.n_ood, scores.n_images) == (1, 1, 1)


@pytest.mark.parametrize(
    ("score", "label", "words"),
    [
        (np.zeros(3, np.float32), np.array([0, 2, 2], np.uint8), r"got \[0, 2\].*RoadAnomaly"),
        (np.zeros(2, np.float32), np.array([0, 254], np.uint8), r"got \[0, 254\] in a label"),
        (np.zeros(3, np.float32), np.zeros(4, np.uint8), r"got \(3,\) and \(4,\)"),
        (np.zeros((2, 3), np.float32), np.zeros((3, 2), np.uint8), r"\(2, 3\) and \(3, 2\)"),
        (np.zeros(3), np.zeros(3, np.uint8), "got float64 and uint8"),
        (np.zeros(3, np.float32), np.zeros(3, bool), "got float32 and bool"),
    ],
)
def test_what_is_no_score_map_with_its_label_is_refused(score, label, words):
    # Annotations refuse other types first; people do not have that hook.
    with pytest.raises(ValueError, match=words):
        inspect.unwrap(PixelMetrics.update)(PixelMetrics(n_held=8), score, label)


@pytest.mark.parametrize(("label", "words"), [(0, "got 3 in .* and 0 OOD"), (1, "got 0 in .* 3")])
def test_one_class_has_no_numbers(label, words):
    with pytest.raises(ValueError, match=words):
        counted(np.zeros(3), np.full(3, label))
    with pytest.raises(ValueError, match="got 0 in distribution and 0 OOD"):
        PixelMetrics(n_held=8).compute()


def test_means_over_images_are_those_of_each_alone():
    rng = np.random.default_rng(5)
    metrics = PixelMetrics(with_image_means=True, n_held=64)
    images = [tied_case(rng, n_pixels) for n_pixels in (9, 70, 130)]
    for image in images:
        metrics.update(*image)
    other = PixelMetrics(with_image_means=True, n_held=64)
    other.update(np.zeros(3, np.float32), np.zeros(3, np.uint8))
    metrics.merge(other)
    means = metrics.image_means()
    for name in ("auroc", "ap", "fpr95", "fpr95_nearest"):
        alone = [getattr(counted(*image), name) for image in images]
        assert getattr(means, name) == pytest.approx(np.mean(alone))
    assert (means.n_images, means.n_skipped) == (3, 1)
    assert metrics.compute().n_images == 4
    with pytest.raises(ValueError, match="pixels of both classes, got none of 1"):
        other.image_means()


def test_what_cannot_be_merged_or_asked_for():
    metrics = PixelMetrics(n_held=8)
    with pytest.raises(ValueError, match="got the same one"):
        metrics.merge(metrics)
    with pytest.raises(ValueError, match="image means in both"):
        metrics.merge(PixelMetrics(n_held=8, with_image_means=True))
    with pytest.raises(ValueError, match="with_image_means=True"):
        metrics.image_means()
    with pytest.raises(ValueError, match="n_held of 0"):
        PixelMetrics(n_held=0)


@pytest.mark.slow
def test_twenty_million_pixels_are_those_of_scikit_learn():
    rng = np.random.default_rng(7)
    n_pixels = 20_000_000
    label = (rng.random(n_pixels, dtype=np.float32) < 0.05).astype(np.uint8)
    score = rng.standard_normal(n_pixels, dtype=np.float32) + 2 * label
    metrics = PixelMetrics(n_held=1 << 22)
    for start in range(0, n_pixels, 2_000_000):
        part = slice(start, start + 2_000_000)
        metrics.update(score[part], label[part])
    scores = metrics.compute()
    assert scores.auroc == pytest.approx(roc_auc_score(label, score), abs=1e-9)
    assert scores.ap == pytest.approx(average_precision_score(label, score), abs=1e-9)
    threshold = np.sort(score[label == 1])[::-1][int(np.ceil(0.95 * scores.n_ood)) - 1]
    assert scores.fpr95 == pytest.approx((score[label == 0] >= threshold).mean(), abs=1e-9)
