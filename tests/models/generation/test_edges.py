"""Canny's edges, at the size of the photograph."""

import cv2
import numpy as np
import pytest

from models.generation.edges import edges_of


def photograph(height, width):
    """Blobs: noise, blurred, so that there are edges and plain places."""
    noise = np.random.default_rng(height).normal(0, 1, (height, width, 3))
    blurred = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.clip(128 + 600 * blurred, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [(64, 64), (64, 128), (128, 256), (192, 64)])
def test_sides_that_are_multiples_of_64_give_cannys_own_edges(size):
    image = photograph(*size)
    edges = edges_of(image)
    assert np.array_equal(edges, cv2.Canny(image, 100, 200))
    assert set(np.unique(edges)) == {0, 255}


@pytest.mark.parametrize("size", [(16, 24), (80, 144), (65, 127), (100, 300)])
def test_other_sides_are_not_resized(size):
    image = photograph(*size)
    edges, wanted = edges_of(image), cv2.Canny(image, 100, 200)
    assert edges.shape == size
    assert np.array_equal(edges[:-1, :-1], wanted[:-1, :-1])


def test_thresholds_are_cannys():
    image = photograph(64, 64)
    loose, strict = edges_of(image, low=20, high=40), edges_of(image, low=300, high=600)
    assert loose.sum() > edges_of(image).sum() > strict.sum()
    assert not edges_of(np.full((64, 64, 3), 7, np.uint8)).any()


@pytest.mark.parametrize(("low", "high"), [(-1, 5), (200, 100)])
def test_thresholds_out_of_order_are_refused(low, high):
    with pytest.raises(ValueError, match="need 0 <= low <= high"):
        edges_of(photograph(64, 64), low=low, high=high)


def test_an_empty_image_is_refused():
    with pytest.raises(ValueError, match="need an image of 1 pixel or more, got 0x5"):
        edges_of(np.zeros((0, 5, 3), np.uint8))
