import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional

from models.training_data import tones


def pictures(seed=0):
    draws = np.random.default_rng(seed)
    noise = draws.normal(110, 35, (2, 40, 50, 3)) * [1, 0.7, 0.4]
    return np.clip(noise, 20, 230).astype(np.uint8)


def by_torchvision(change, given):
    images = torch.from_numpy(given).permute(0, 3, 1, 2) / 255
    return change(images).permute(0, 2, 3, 1).numpy() * 255


@pytest.mark.parametrize("factor", [0.2, 0.9, 1.0, 1.8])
def test_brightness_and_contrast_are_torchvisions_rounded(factor):
    given = pictures()
    found = tones.apply_curves(tones.brightness_curves(given, factor), given)
    exact = by_torchvision(lambda x: functional.adjust_brightness(x, factor), given)
    assert np.abs(found - exact).max() <= 0.501
    found = tones.apply_curves(tones.contrast_curves(given, factor), given)
    exact = by_torchvision(lambda x: functional.adjust_contrast(x, factor), given)
    assert np.abs(found - exact).max() <= 0.51


def test_autocontrast_is_torchvisions_rounded():
    given = pictures()
    found = tones.apply_curves(tones.autocontrast_curves(given), given)
    exact = by_torchvision(functional.autocontrast, given)
    assert np.abs(found - exact).max() <= 0.501
    assert (found.min((1, 2)) == 0).all()
    assert (found.max((1, 2)) == 255).all()


def test_equalization_is_torchvisions():
    given = pictures()
    found = tones.apply_curves(tones.equalize_curves(given), given)
    exact = functional.equalize(torch.from_numpy(given).permute(0, 3, 1, 2))
    np.testing.assert_array_equal(found, exact.permute(0, 2, 3, 1).numpy())


@pytest.mark.parametrize("curves", [tones.autocontrast_curves, tones.equalize_curves])
def test_a_picture_of_one_color_stays(curves):
    given = np.full((2, 5, 6, 3), 77, np.uint8)
    np.testing.assert_array_equal(tones.apply_curves(curves(given), given), given)


def test_each_picture_and_channel_has_its_own_curve():
    given = pictures()
    draws = np.random.default_rng(1)
    curves = draws.integers(0, 256, (2, 3, 256), dtype=np.uint8)
    found = tones.apply_curves(curves, given)
    for picture in range(2):
        for channel in range(3):
            np.testing.assert_array_equal(
                found[picture, ..., channel], curves[picture, channel][given[picture, ..., channel]]
            )
