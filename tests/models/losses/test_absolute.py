import pytest
import torch

from models.losses.absolute import absolute_hinges
from storage.label_space import OOD_ID
from tests.models.losses.batches import random_batch
from tests.models.losses.slopes import assert_slopes_are_differences

TARGETS = (-0.5, 0.75)


def hinges(score, target, targets=TARGETS):
    return absolute_hinges(score, target < 99, target == OOD_ID, targets=targets)


@pytest.mark.parametrize("seed", range(3))
def test_pixel_by_pixel(seed):
    _, score, target = random_batch(seed=seed)
    sums, counts = [0.0, 0.0, 0.0], [0, 0, 0]
    for row, (scores, labels) in enumerate(zip(score.tolist(), target.tolist(), strict=True)):
        for values, ids in zip(scores, labels, strict=True):
            for value, label in zip(values, ids, strict=True):
                if label == OOD_ID:
                    sums[2] += max(TARGETS[1] - value, 0)
                    counts[2] += 1
                elif label < 19:
                    sums[row // 2] += max(value - TARGETS[0], 0)
                    counts[row // 2] += 1
    expected = [total / count for total, count in zip(sums, counts, strict=True)]
    found = [float(term.detach()) for term in hinges(score, target)]
    assert found == pytest.approx(expected, rel=1e-5)


def test_slopes_are_those_of_finite_differences():
    _, score, target = random_batch((2, 3, 4))
    assert_slopes_are_differences(lambda values: sum(hinges(values, target)), score)


@pytest.mark.parametrize("only", [OOD_ID, 255, 3])
def test_a_missing_set_gives_zero_and_no_slope_even_where_scores_are_no_numbers(only):
    target = torch.full((2, 2, 3), only)
    score = torch.full((2, 2, 3), torch.nan if only == 255 else 9.0, requires_grad=True)
    found = hinges(score, target)
    is_missing = [only != 3, only != 3, only != OOD_ID]
    for term, missing in zip(found, is_missing, strict=True):
        (slope,) = torch.autograd.grad(term, score, retain_graph=True)
        if missing:
            assert float(term.detach()) == 0
            assert not slope.any()
        assert slope.isfinite().all()


def test_scores_beyond_their_targets_cost_nothing():
    _, score, target = random_batch()
    apart = torch.where(target == OOD_ID, TARGETS[1] + score.abs(), TARGETS[0] - score.abs())
    assert [float(term.detach()) for term in hinges(apart, target)] == [0, 0, 0]
