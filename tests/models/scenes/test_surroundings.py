"""Surroundings, against every pair of pixels."""

import numpy as np
import pytest

from models.scenes import surroundings


@pytest.mark.parametrize("margin_px", [0, 16, 40, 100])
def test_pixels_within_the_margin_of_an_object(margin_px):
    rng = np.random.default_rng(margin_px)
    masks = rng.random((2, 64, 96)) > 0.999
    inside = np.argwhere(masks.any(axis=0))
    found = surroundings(masks, margin_px=margin_px)
    for pixel in np.ndindex(64, 96):
        nearest = np.sqrt(((inside - pixel) ** 2).sum(axis=1)).min()
        assert found[pixel] == (nearest <= margin_px * 64 / 1024 + 1e-6)


def test_without_objects_there_are_none():
    assert not surroundings(np.zeros((0, 8, 8), bool), margin_px=1000).any()
