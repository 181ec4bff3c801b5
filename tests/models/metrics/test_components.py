"""Component numbers against hand-worked images and an oracle of sets of pixels."""

import numpy as np
import pytest

from models.metrics import (
    ANOMALY_TRACK,
    OBSTACLE_TRACK,
    ComponentMetrics,
    ComponentSizes,
    component_overlaps,
)

ANY = ComponentSizes(predicted_px=1, truth_px=1)


def drawn(*rows):
    """A label and a prediction: T labeled, P predicted, B both, v void, V predicted void."""
    letters = np.array([list(row) for row in rows])
    label = np.isin(letters, ("T", "B")).astype(np.uint8)
    label[np.isin(letters, ("v", "V"))] = 255
    return np.isin(letters, ("P", "B", "V")), label


def overlaps_of(*rows, sizes=ANY):
    overlaps = component_overlaps(*drawn(*rows), sizes=sizes)
    return overlaps.siou.tolist(), overlaps.ppv.tolist()


def regions(mask):
    """Sets of pixels that touch by side or corner."""
    left = {tuple(map(int, place)) for place in np.argwhere(mask)}
    found = []
    while left:
        region, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            region.add((row, column))
            near = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            edge.extend(near)
        found.append(region)
    return found


def oracle(predicted, label, sizes):
    """Lists of sIoU and PPV from the definition (method brief C3)."""
    truth = regions(label == 1)
    void = {tuple(map(int, place)) for place in np.argwhere(label == 255)}
    small = [region for region in truth if len(region) < sizes.truth_px]
    truth = [region for region in truth if len(region) >= sizes.truth_px]
    found = regions(predicted & (label != 255))
    found = [region for region in found if len(region) >= sizes.predicted_px]
    void = void.union(*small)
    found = [region - void for region in found if region - void]
    siou = []
    for object_ in truth:
        touching = set().union(*(region for region in found if region & object_))
        others = set().union(*(region for region in truth if region is not object_))
        union = len(touching | object_) - len(touching & others)
        siou.append(len(touching & object_) / union)
    labeled = set().union(*truth)
    return siou, [len(region & labeled) / len(region) for region in found]


def test_one_object_found_in_part():
    assert overlaps_of("TBBP", "TBBP") == ([4 / 8], [4 / 6])


def test_an_object_that_is_missed_and_a_false_alarm():
    assert overlaps_of("TT..P") == ([0.0], [0.0])


def test_one_prediction_over_two_objects_costs_neither_the_other():
    assert overlaps_of("BBPBB") == ([2 / 3, 2 / 3], [4 / 5])


def test_two_predictions_on_one_object_count_together():
    assert overlaps_of("BTB", ".T.") == ([2 / 4], [1.0, 1.0])


def test_corners_connect():
    assert overlaps_of("B..", ".B.", "..B") == ([1.0], [1.0])


def test_void_pixels_belong_to_nothing_and_cut_a_prediction():
    assert overlaps_of("BVP") == ([1.0], [1.0, 0.0])


def test_small_predictions_are_dropped_and_small_objects_become_void():
    sizes = ComponentSizes(predicted_px=2, truth_px=3)
    assert overlaps_of("TTB", sizes=sizes) == ([0.0], [])
    assert overlaps_of("BB.", "...", "PPP", sizes=sizes) == ([], [0.0])
    # Measured before: three pixels are enough, though two of them turn void.
    assert overlaps_of("BBP", sizes=ComponentSizes(predicted_px=3, truth_px=3)) == ([], [0.0])


def test_an_image_full_of_object_or_of_prediction():
    assert overlaps_of("TT", "TT") == ([0.0], [])
    assert overlaps_of("BB", "BB") == ([1.0], [1.0])
    assert overlaps_of("PP", "PP") == ([], [0.0])
    assert overlaps_of("..", "..") == ([], [])
    assert overlaps_of("vV", "vv") == ([], [])


def test_random_images_against_the_oracle():
    rng = np.random.default_rng(0)
    for _ in range(300):
        size = tuple(rng.integers(1, 16, 2))
        label = rng.choice(np.array([0, 1, 255], np.uint8), size, p=[0.55, 0.35, 0.1])
        predicted = np.where(rng.random(size) < 0.7, label == 1, rng.random(size) < 0.4)
        sizes = ComponentSizes(
            predicted_px=int(rng.integers(1, 5)), truth_px=int(rng.integers(1, 5))
        )
        overlaps = component_overlaps(predicted, label, sizes=sizes)
        siou, ppv = oracle(predicted, label, sizes)
        np.testing.assert_allclose(np.sort(overlaps.siou), np.sort(siou))
        np.testing.assert_allclose(np.sort(overlaps.ppv), np.sort(ppv))


def test_f1_star_by_hand():
    metrics = ComponentMetrics(ANY)
    metrics.update(*drawn("TBBP", "TBBP"))  # sIoU 1/2, PPV 2/3
    metrics.update(*drawn("TT..P"))  # sIoU 0, PPV 0
    found = metrics.compute()
    assert (found.siou, found.ppv) == (0.25, pytest.approx(1 / 3))
    # 0.25 to 0.50: one found, one missed, one wrong; 0.55 to 0.65: none found; then both wrong
    assert found.f1 == (0.5,) * 6 + (0.0,) * 5
    assert found.f1_star == pytest.approx(3 / 11)
    assert (found.n_labeled, found.n_predicted, found.n_images) == (2, 2, 2)


def test_f1_star_against_the_oracle_over_images_and_merged_in_any_order():
    rng = np.random.default_rng(1)
    images = []
    for _ in range(6):
        label = rng.choice(np.array([0, 1, 255], np.uint8), (14, 14), p=[0.7, 0.25, 0.05])
        images.append((np.where(rng.random((14, 14)) < 0.8, label == 1, label == 0), label))
    parts = [ComponentMetrics(ANY) for _ in images]
    siou, ppv = [], []
    for part, pair in zip(parts, images, strict=True):
        part.update(*pair)
        more = oracle(*pair, ANY)
        siou, ppv = siou + more[0], ppv + more[1]
    for part in parts[:-1][::-1]:
        parts[-1].merge(part)
    found = parts[-1].compute()
    f1 = []
    for least in np.linspace(0.25, 0.75, 11):
        right, wrong = sum(np.array(siou) >= least - 1e-12), sum(np.array(ppv) < least - 1e-12)
        f1.append(2 * right / (2 * right + (len(siou) - right) + wrong))
    assert found.f1 == pytest.approx(f1)
    assert found.f1_star == pytest.approx(np.mean(f1))
    assert found.siou == pytest.approx(np.mean(siou))
    assert found.ppv == pytest.approx(np.mean(ppv))


def test_without_components_there_are_no_numbers():
    metrics = ComponentMetrics(ANOMALY_TRACK)
    metrics.update(*drawn("...", "..."))
    found = metrics.compute()
    assert (found.siou, found.ppv, found.f1_star, found.f1) == (None, None, None, None)
    metrics.update(np.zeros((20, 20), bool), np.ones((20, 20), np.uint8))
    found = metrics.compute()
    assert (found.siou, found.ppv, found.f1_star) == (0.0, None, 0.0)


@pytest.mark.parametrize(("track", "sides"), [(ANOMALY_TRACK, (20, 10)), (OBSTACLE_TRACK, (5, 2))])
def test_sizes_of_the_tracks(track, sides):
    label, predicted = np.zeros((2, 90, 90), np.uint8)
    label[:5, : track.truth_px // 5] = 1
    predicted[40 : 40 + track.predicted_px // 10, :10] = 1
    overlaps = component_overlaps(predicted.astype(bool), label, sizes=track)
    assert (len(overlaps.siou), len(overlaps.ppv)) == (1, 1)
    label[0, 0] = predicted[40, 0] = 0
    overlaps = component_overlaps(predicted.astype(bool), label, sizes=track)
    assert (len(overlaps.siou), len(overlaps.ppv)) == (0, 0)


def test_bad_input():
    metrics = ComponentMetrics(ANY)
    with pytest.raises(ValueError, match=r"label's size \(2, 3\), got \(2, 2\)"):
        metrics.update(np.zeros((2, 2), bool), np.zeros((2, 3), np.uint8))
    with pytest.raises(ValueError, match=r"got \[0, 2, 7\]; translate them"):
        metrics.update(np.zeros((1, 3), bool), np.array([[0, 2, 7]], np.uint8))
    with pytest.raises(ValueError, match="got ComponentSizes"):
        metrics.merge(ComponentMetrics(OBSTACLE_TRACK))
    assert metrics.compute().n_images == 0
