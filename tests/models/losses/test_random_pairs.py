from itertools import permutations

import pytest
import torch
from scipy.stats import chisquare

from models.losses.all_pairs import all_pair_hinges
from models.losses.random_pairs import _draw, random_pair_hinges
from storage.label_space import OOD_ID, VOID_ID
from tests.models.losses.batches import random_target, regions

MARGINS = (1.5, 0.5)


def hinges(score, target, *, seed=0, sample_ratio=1.0):
    generator = torch.Generator().manual_seed(seed)
    return random_pair_hinges(
        score,
        target < 99,
        target == OOD_ID,
        margins=MARGINS,
        sample_ratio=sample_ratio,
        generator=generator,
    )


def draw(target, *, seed=0, sample_ratio=1.0):
    generator = torch.Generator().manual_seed(seed)
    chosen, is_pair = _draw(
        target < 99, target == OOD_ID, sample_ratio=sample_ratio, generator=generator
    )
    return chosen[:, is_pair]


@pytest.mark.parametrize("ood_frac", [0.0, 0.03, 0.5, 0.97])
@pytest.mark.parametrize("sample_ratio", [1.0, 0.25, 0.02])
def test_n_pixels_of_each_set_are_chosen_once(ood_frac, sample_ratio):
    target = random_target((4, 9, 11), ood_frac=ood_frac, void_frac=0.02)
    sizes = [int(region.sum()) for region in regions(target)]
    chosen = draw(target, sample_ratio=sample_ratio)
    assert chosen.shape[1] == min(*sizes, int(sample_ratio * target.numel()))
    for places, region in zip(chosen, regions(target), strict=True):
        assert region.flatten()[places].all()
        assert len(places.unique()) == len(places)


def test_equal_sets_use_every_pixel():
    target = torch.tensor([[[0, 1, OOD_ID]], [[2, 3, OOD_ID]]])
    assert sorted(draw(target).flatten().tolist()) == list(range(6))


def test_every_choice_and_pairing_is_equally_likely():
    """Two of three known pixels, in order, for two unknown ones: six ways for either half."""
    target = torch.tensor([[[0, 0, 0, OOD_ID]], [[1, 1, 1, OOD_ID]]])
    ways = {way: number for number, way in enumerate(permutations(range(3), 2))}
    counts = torch.zeros(6, 6)
    for seed in range(1800):
        original, generated, ood = draw(target, seed=seed)
        by_ood = ood.argsort()
        first, second = tuple(original[by_ood].tolist()), tuple((generated[by_ood] - 4).tolist())
        counts[ways[first], ways[second]] += 1
    assert chisquare(counts.flatten().numpy()).pvalue > 1e-3


def test_many_draws_approach_all_pairs():
    target = random_target((2, 6, 8), ood_frac=0.2)
    score = 2 * torch.randn(target.shape)
    drawn = torch.tensor([hinges(score, target, seed=seed) for seed in range(700)])
    expected = all_pair_hinges(score, target < 99, target == OOD_ID, margins=MARGINS)
    deviation = drawn.std(0) / len(drawn) ** 0.5
    assert ((drawn.mean(0) - torch.stack(expected)).abs() < 4 * deviation).all()


def test_values_and_gradients_are_those_of_the_drawn_pairs():
    target = random_target((4, 8, 9))
    score = torch.randn(target.shape, requires_grad=True)
    original, generated, ood = score.flatten()[draw(target, seed=3)]
    expected = (
        (original + MARGINS[0] - ood).relu().mean(),
        (generated + MARGINS[1] - ood).relu().mean(),
    )
    for hinge, exact in zip(hinges(score, target, seed=3), expected, strict=True):
        torch.testing.assert_close(hinge, exact)
        slopes = (
            torch.autograd.grad(value, score, retain_graph=True)[0] for value in (hinge, exact)
        )
        torch.testing.assert_close(*slopes)


def test_the_generator_decides():
    target = random_target((2, 10, 10))
    score = torch.randn(target.shape)
    assert hinges(score, target, seed=1) == hinges(score, target, seed=1)
    assert hinges(score, target, seed=1) != hinges(score, target, seed=2)


@pytest.mark.parametrize("missing", range(3))
def test_a_set_without_pixels_gives_zero_and_no_gradient(missing):
    target = random_target((2, 5, 5))
    target[regions(target)[missing]] = VOID_ID
    score = torch.randn(target.shape, requires_grad=True)
    found = hinges(score, target)
    assert [float(hinge.detach()) for hinge in found] == [0, 0]
    (slope,) = torch.autograd.grad(found[0] + found[1], score)
    assert not slope.any()


def test_a_batch_too_small_for_a_pair_gives_zero():
    target = torch.tensor([[[0]], [[OOD_ID]]])
    assert hinges(torch.zeros(2, 1, 1), target) == (0, 0)
