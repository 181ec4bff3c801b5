import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.losses.cross_entropy import (
    mean_cross_entropy,
    pixel_cross_entropy,
    selected_cross_entropy,
)
from storage.label_space import OOD_ID, VOID_ID
from tests.models.losses.batches import random_batch


def test_pixel_cross_entropy_by_its_definition():
    logits, _, target = random_batch()
    found = pixel_cross_entropy(logits, target, target < 99)
    shares = logits.detach().double().exp() / logits.detach().double().exp().sum(1, keepdim=True)
    for place in np.ndindex(*target.shape):
        image, row, column = place
        known = target[place] < 99
        expected = -math.log(shares[image, target[place], row, column]) if known else 0.0
        assert float(found[place].detach()) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_channels_last_logits_give_the_same_and_keep_their_layout():
    logits, _, target = random_batch()
    laid = logits.detach().to(memory_format=torch.channels_last).requires_grad_()
    found, expected = (pixel_cross_entropy(given, target, target < 99) for given in (laid, logits))
    torch.testing.assert_close(found, expected)
    upstream = torch.randn_like(expected)
    (slope,) = torch.autograd.grad(found, laid, upstream)
    torch.testing.assert_close(slope, torch.autograd.grad(expected, logits, upstream)[0])
    assert slope.is_contiguous(memory_format=torch.channels_last)


def test_the_mean_counts_ignored_pixels_as_zero():
    logits, target = torch.zeros(2, 19, 1, 2), torch.tensor([[[0, VOID_ID]], [[1, OOD_ID]]])
    found = mean_cross_entropy(pixel_cross_entropy(logits, target, target < 99))
    assert float(found) == pytest.approx(math.log(19) / 2)


def selected_by_definition(ce, is_in, ratio):
    """The mean, and which pixels it is over: of equal ones those that come first."""
    left = {place: float(ce[place]) for place in np.ndindex(*ce.shape) if is_in[place]}
    places = sorted(left, key=left.get)[: int(ratio * len(left))]
    kept = [left[place] for place in places]
    return (sum(kept) / len(kept) if kept else 0.0), places


@settings(max_examples=80, deadline=None)
@given(
    arrays(np.float32, (2, 3, 4), elements=st.integers(0, 4).map(lambda value: value / 4)),
    arrays(np.bool_, (2, 3, 4)),
    st.sampled_from([0.01, 0.3, 0.5, 0.7, 0.8, 0.9, 0.999, 1.0]),
)
def test_selection_by_its_definition_also_with_ties(ce, is_in, ratio):
    pixel_ce = torch.from_numpy(ce).requires_grad_()
    found = selected_cross_entropy(pixel_ce, torch.from_numpy(is_in), ratio=ratio)
    value, places = selected_by_definition(ce, is_in, ratio)
    assert float(found.detach()) == pytest.approx(value, rel=1e-6)
    (slope,) = torch.autograd.grad(found, pixel_ce)
    expected = torch.zeros(ce.shape)
    for place in places:
        expected[place] = 1 / len(places)
    torch.testing.assert_close(slope, expected)


@pytest.mark.parametrize("n_pixels", [1, 10, 35, 95, 100])
@pytest.mark.parametrize("ratio", [0.1, 0.29, 0.57, 0.6, 0.7, 0.8])
def test_the_number_of_kept_pixels_is_rounded_down_as_in_python(n_pixels, ratio):
    pixel_ce = torch.arange(float(n_pixels)).view(1, 1, -1).requires_grad_()
    is_in = torch.ones(1, 1, n_pixels, dtype=torch.bool)
    found = selected_cross_entropy(pixel_ce, is_in, ratio=ratio)
    (slope,) = torch.autograd.grad(found, pixel_ce)
    assert int((slope != 0).sum()) == int(ratio * n_pixels)


def test_images_of_the_half_compete_with_each_other():
    pixel_ce = torch.tensor([[[1.0, 2.0]], [[8.0, 9.0]]])
    found = selected_cross_entropy(pixel_ce, torch.ones(2, 1, 2, dtype=torch.bool), ratio=0.5)
    assert float(found) == 1.5


def test_an_infinite_loss_is_dropped_before_others():
    pixel_ce = torch.tensor([[[torch.inf, 1.0, 3.0, 2.0]]]).requires_grad_()
    is_in = torch.ones(1, 1, 4, dtype=torch.bool)
    found = selected_cross_entropy(pixel_ce, is_in, ratio=0.75)
    (slope,) = torch.autograd.grad(found, pixel_ce)
    assert float(found.detach()) == 2
    assert slope.isfinite().all()
