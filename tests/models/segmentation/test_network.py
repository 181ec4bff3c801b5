import inspect

import numpy as np
import pytest
import torch

from models.segmentation.network import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    check_images,
    normalize,
    widened,
)


def test_normalizing_is_the_formula_and_moves_channels_forward():
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), np.uint8))
    found = normalize(images).numpy()
    for channel in range(3):
        expected = (images[..., channel].numpy() / 255 - IMAGENET_MEAN[channel]) / IMAGENET_STD[
            channel
        ]
        np.testing.assert_allclose(found[:, channel], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("images", "error", "words"),
    [
        (torch.zeros(1, 4, 4, 3), TypeError, "uint8 RGB images, got float32"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), ValueError, r"got \(1, 3, 4, 4\)"),
    ],
)
def test_normalizing_refuses_what_is_no_picture(images, error, words):
    with pytest.raises(error, match=words):
        normalize(images)


@pytest.mark.parametrize("function", [normalize, check_images])
def test_an_array_is_told_how_to_become_a_tensor(function):
    images = np.zeros((1, 4, 4, 3), np.uint8)
    # The annotation would refuse it first; people do not have that hook.
    with pytest.raises(TypeError, match=r"got ndarray; torch\.from_numpy makes one"):
        inspect.unwrap(function)(images)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_widening_keeps_what_is_wide(kind, expected):
    assert widened(torch.ones(1, dtype=kind)).dtype == expected
