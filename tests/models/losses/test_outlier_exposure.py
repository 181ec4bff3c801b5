import pytest
import torch

from models.losses.outlier_exposure import energy_bounds, known_cross_entropy
from storage.label_space import OOD_ID
from tests.models.losses.batches import random_batch
from tests.models.losses.slopes import assert_slopes_are_differences

TARGETS = (-0.5, 0.75)


def bounds(score, target):
    return energy_bounds(score, target < 99, target == OOD_ID, targets=TARGETS)


@pytest.mark.parametrize("seed", range(3))
def test_pixel_by_pixel_with_both_halves_as_one(seed):
    _, score, target = random_batch(seed=seed)
    known, unknown = [], []
    for value, label in zip(score.flatten().tolist(), target.flatten().tolist(), strict=True):
        if label == OOD_ID:
            unknown.append(max(TARGETS[1] - value, 0) ** 2)
        elif label < 19:
            known.append(max(value - TARGETS[0], 0) ** 2)
    expected = [sum(known) / len(known), sum(unknown) / len(unknown)]
    assert [float(term.detach()) for term in bounds(score, target)] == pytest.approx(expected)
    swapped = bounds(score.roll(2, 0), target.roll(2, 0))
    assert [float(term.detach()) for term in swapped] == pytest.approx(expected)


def test_cross_entropy_is_a_mean_over_known_pixels_alone():
    values = torch.tensor([[[1.0, 5.0]], [[3.0, 7.0]]])
    is_in = torch.tensor([[[True, False]], [[True, False]]])
    assert float(known_cross_entropy(values, is_in)) == 2
    assert float(known_cross_entropy(values, torch.zeros_like(is_in))) == 0


def test_slopes_are_those_of_finite_differences():
    _, score, target = random_batch((2, 3, 4))
    assert_slopes_are_differences(lambda values: sum(bounds(values, target)), score)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_scores_outside_the_sets_have_no_effect(value):
    target = torch.tensor([[[3, 255]], [[OOD_ID, 255]]])
    score = torch.tensor([[[1.0, value]], [[-1.0, value]]], requires_grad=True)
    known, unknown = bounds(score, target)
    (slope,) = torch.autograd.grad(known + unknown, score)
    assert (float(known.detach()), float(unknown.detach())) == (1.5**2, 1.75**2)
    assert slope.tolist() == [[[3, 0]], [[-3.5, 0]]]


@pytest.mark.parametrize("only", [OOD_ID, 255, 3])
def test_a_missing_set_gives_zero_and_no_slope(only):
    _, score, target = random_batch()
    target.fill_(only)
    for term, own in zip(bounds(score, target), (3, OOD_ID), strict=True):
        (slope,) = torch.autograd.grad(term, score)
        assert bool(slope.any()) == (own == only)
        assert (float(term.detach()) > 0) == (own == only)
