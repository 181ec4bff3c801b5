import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.losses.all_pairs import all_pair_hinges
from storage.label_space import OOD_ID, VOID_ID
from tests.models.losses.batches import hinge_of_all_pairs, random_target, regions

MARGINS = (1.5, 0.5)


def brute_force(score, target, margins):
    original, generated, is_ood = regions(target)
    ood = score[is_ood]
    return (
        hinge_of_all_pairs(score[original], ood, margins[0]),
        hinge_of_all_pairs(score[generated], ood, margins[1]),
    )


def check(score, target, margins=MARGINS, tolerance=1e-6):
    """Values and gradients of each hinge are those over all pairs in float64."""
    ours = score.float().requires_grad_()
    exact = ours.detach().double().requires_grad_()
    found = all_pair_hinges(ours, target < 99, target == OOD_ID, margins=margins)
    for hinge, expected in zip(found, brute_force(exact, target, margins), strict=True):
        torch.testing.assert_close(hinge.double(), expected, rtol=tolerance, atol=tolerance)
        (slope,) = torch.autograd.grad(hinge, ours, retain_graph=True)
        (exact_slope,) = torch.autograd.grad(expected, exact, retain_graph=True)
        torch.testing.assert_close(slope.double(), exact_slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_mean_over_all_pairs(seed):
    shape = (4, 8, 9)
    check(torch.randn(shape) * 2, random_target(shape, seed=seed))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 10**6),
    arrays(np.float32, (2, 4, 5), elements=st.integers(-3, 3).map(lambda value: value / 2)),
)
def test_ties_have_the_gradient_of_relu(seed, score):
    """Scores on a grid of halves, margins too: many pairs lie exactly at the border."""
    check(torch.from_numpy(score), random_target(score.shape, seed=seed, ood_frac=0.4))


def test_negative_zero_ties_with_zero():
    score = torch.tensor([0.0, -0.0, 0.0, -0.0]).view(2, 1, 2)
    target = torch.tensor([0, OOD_ID, 0, OOD_ID]).view(2, 1, 2)
    check(score, target, (0.0, 0.0))


def test_unknown_pixels_of_both_halves_are_compared():
    score = torch.tensor([1.0, 5.0, 2.0, 0.0]).view(2, 1, 2)
    target = torch.tensor([3, OOD_ID, 4, OOD_ID]).view(2, 1, 2)
    found = all_pair_hinges(score, target < 99, target == OOD_ID, margins=(10.0, 1.0))
    assert [float(hinge) for hinge in found] == [(1 + 10 - 5 + 1 + 10 - 0) / 2, (0 + 2 + 1) / 2]


@pytest.mark.parametrize("missing", ["original", "generated", "ood", "all"])
def test_a_set_without_pixels_gives_zero(missing):
    shape = (2, 5, 5)
    target = random_target(shape)
    original, generated, ood = regions(target)
    everything = torch.ones_like(ood)
    gone = {"original": original, "generated": generated, "ood": ood, "all": everything}
    target[gone[missing]] = VOID_ID
    check(torch.randn(shape), target)


def test_large_scores_far_from_zero_lose_nothing():
    """The hinge is a small difference of scores a thousand times as large."""
    shape = (4, 12, 12)
    check(1000 + torch.randn(shape), random_target(shape), tolerance=1e-4)
    check(1000 + torch.randn(shape), random_target(shape), (2**-4, 2**-5), tolerance=1e-5)


def test_void_scores_have_no_effect():
    shape = (2, 6, 6)
    target, score = random_target(shape), torch.randn(shape)
    expected = all_pair_hinges(score, target < 99, target == OOD_ID, margins=MARGINS)
    score = score.masked_fill(target == VOID_ID, torch.nan).requires_grad_()
    found = all_pair_hinges(score, target < 99, target == OOD_ID, margins=MARGINS)
    torch.testing.assert_close(found, expected)
    (slope,) = torch.autograd.grad(found[0] + found[1], score)
    assert slope.isfinite().all()
    assert not slope[target == VOID_ID].any()


def test_a_million_pixels_stay_exact():
    shape = (2, 700, 700)
    target = random_target(shape, ood_frac=0.02)
    score = torch.randn(shape) * 3
    found = all_pair_hinges(score, target < 99, target == OOD_ID, margins=MARGINS)
    ood = np.sort(score[target == OOD_ID].double().numpy())
    below = np.concatenate([[0.0], np.cumsum(ood)])
    for hinge, region, margin in zip(found, regions(target), MARGINS, strict=False):
        raised = (score[region] + margin).double().numpy()
        n_below = np.searchsorted(ood, raised)
        exact = (n_below * raised - below[n_below]).sum() / (len(raised) * len(ood))
        assert float(hinge) == pytest.approx(exact, rel=1e-6)
