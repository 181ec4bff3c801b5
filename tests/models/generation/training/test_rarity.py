import numpy as np
import pytest

from models.generation.training.rarity import cell_weights, class_counts, scene_shares


def maps(*rows):
    return np.array([[row] for row in rows], np.uint8)


def test_counts_are_those_of_each_map():
    counts = class_counts(maps([1, 1, 2], [3, 3, 3]))
    assert counts.shape == (2, 256)
    assert counts[0, 1] == 2
    assert counts[0, 2] == 1
    assert counts[1, 3] == 3
    assert counts.sum() == 6


def test_a_rare_class_weighs_the_root_of_its_rarity_up_to_three():
    counts = np.zeros((1, 256), np.int64)
    counts[0, [0, 1, 2, 3]] = [10, 9840, 125, 25]  # of 10,000: shares .984, .0125, .0025
    weights = cell_weights(counts)
    assert weights[0] == 1  # black, although it is rare
    assert weights[1] == 1
    assert weights[2] == pytest.approx((0.05 / 0.0125) ** 0.5)
    assert weights[3] == 3
    assert weights[4] == 1  # never occurs


def test_scenes_with_a_rare_class_are_drawn_oftener():
    labels = np.zeros((10, 1, 3), np.uint8)
    labels[:4, 0, 1] = 11  # in four of ten scenes
    labels[0, 0, 2] = 12  # in one
    labels[9, 0, 0] = 255  # void counts for nothing, however rare
    shares = scene_shares(class_counts(labels))
    assert shares.sum() == pytest.approx(1)
    assert shares[1] / shares[5] == pytest.approx(0.5 / 0.4)
    assert shares[0] / shares[5] == pytest.approx(4)
    assert shares[9] == shares[5]
