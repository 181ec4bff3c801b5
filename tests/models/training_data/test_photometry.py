from functools import partial

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional

from benchmarks.pair_transforms import plainly
from models.training_data import PhotometryConfig
from models.training_data.photometry import (
    Filter,
    Tone,
    develop,
    draw_steps,
    needs_sample,
    reach_of,
    sampled,
)

ALWAYS = PhotometryConfig(probability=1.0)


def noise(size=(60, 80), seed=0):
    draws = np.random.default_rng(seed)
    smooth = draws.integers(30, 200, (2, 6, 8, 3)).repeat(size[0] // 6, 1).repeat(size[1] // 8, 2)
    return (smooth + draws.integers(0, 30, smooth.shape)).astype(np.uint8)


def names(steps):
    calls = [step.curves if isinstance(step, Tone) else step.change for step in steps]
    return [getattr(call, "func", call).__name__ for call in calls]


def drawn(seed, config=ALWAYS):
    return draw_steps(config, np.random.default_rng(seed))


COLORS = {"brightness_curves", "contrast_curves", "adjust_saturation", "turn_hue"}
REST = ["_blurred", "adjust_sharpness", "autocontrast_curves", "equalize_curves"]


def test_the_order_is_the_published_one():
    orders = [names(drawn(seed)) for seed in range(200)]
    for order in orders:
        assert set(order[:4]) == COLORS
        assert order[4:] == REST
    assert len({tuple(order[:4]) for order in orders}) == 24, "colors come in every order"


def test_each_change_has_its_own_chance():
    sets = [names(drawn(seed, PhotometryConfig())) for seed in range(1000)]
    for name in ["turn_hue", *REST]:
        assert np.mean([name in one for one in sets]) == pytest.approx(0.5, abs=0.06)
    assert all(len(COLORS & set(one)) in (0, 4) for one in sets)
    assert not drawn(0, PhotometryConfig(probability=0.0))


def test_factors_fill_their_ranges():
    found = {}
    for seed in range(500):
        for step in drawn(seed):
            call = step.curves if isinstance(step, Tone) else step.change
            if isinstance(call, partial):
                for name, value in call.keywords.items():
                    key = f"{call.func.__name__} {name}"
                    found.setdefault(key, []).append(value)
    ranges = {key: (min(values), max(values)) for key, values in found.items()}
    near = partial(pytest.approx, abs=0.05)
    assert ranges == {
        "brightness_curves factor": near((0.2, 1.8)),
        "contrast_curves factor": near((0.2, 1.8)),
        "adjust_saturation saturation_factor": near((0.2, 1.8)),
        "turn_hue turns": near((-0.2, 0.2)),
        "_blurred size": (9, 9),
        "_blurred sigma": near((0.1, 5.0)),
        "adjust_sharpness sharpness_factor": near((0.0, 2.0)),
    }


@pytest.mark.parametrize("seed", range(8))
def test_the_colors_are_torchvisions(seed):
    pictures = noise()
    steps = drawn(seed)[:4]
    exact = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    for step in steps:
        exact = plainly(step, exact)
    difference = develop(steps, pictures, pictures) - exact.permute(0, 2, 3, 1).numpy() * 255
    # Each step may round by half a value, and a later one may multiply it.
    assert np.abs(difference).mean() < 1
    assert abs(difference.mean()) < 0.2, "rounded, not cut off"


def test_blur_and_sharpness_are_torchvisions():
    pictures = noise()
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    for step in drawn(3)[4:6]:
        exact = plainly(step, images).permute(0, 2, 3, 1).numpy() * 255
        assert np.abs(develop((step,), pictures, None) - exact).max() <= 0.501


@pytest.mark.parametrize("seed", range(4))
def test_a_part_comes_out_as_in_the_whole_frame(seed):
    """With a margin as wide as the steps reach, and statistics of the whole frame."""
    pictures = noise()
    steps = tuple(step for step in drawn(seed)[:6])
    reach = reach_of(steps)
    assert reach == 5
    whole = develop(steps, pictures, pictures)
    part = develop(steps, pictures[:, 10:40, 20:70], pictures)
    np.testing.assert_array_equal(
        part[:, reach:-reach, reach:-reach],
        whole[:, 10 + reach : 40 - reach, 20 + reach : 70 - reach],
    )


def test_statistics_come_from_the_sample():
    pictures = noise()
    (step,) = (step for step in drawn(0) if "equalize" in names([step])[0])
    part = pictures[:, :10, :10]
    exact = functional.equalize(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    exact = exact.permute(0, 2, 3, 1).numpy()[:, :10, :10]
    np.testing.assert_array_equal(develop((step,), part, pictures), exact)


def test_a_sample_has_enough_rows():
    assert sampled(np.zeros((1024, 2048, 3), np.uint8)).shape == (256, 512, 3)
    assert sampled(np.zeros((300, 500, 3), np.uint8)).shape == (300, 500, 3)
    assert sampled(np.zeros((128, 256, 3), np.uint8)).shape == (128, 256, 3)


def test_filters_alone_need_no_sample():
    assert not needs_sample((Filter(lambda x: x), Filter(lambda x: x, 4)))
    assert needs_sample(drawn(0))
    with pytest.raises(ValueError, match="need a sample"):
        develop(drawn(0), noise(), None)
