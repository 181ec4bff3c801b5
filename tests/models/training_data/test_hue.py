import colorsys

import pytest
import torch
from torchvision.transforms.v2 import functional

from models.training_data.hue import turn_hue


def images():
    found = torch.rand(2, 3, 20, 30)
    found[0, :, :5] = found[0, :1, :5]  # grays have no hue
    found[1, 0] = found[1, 1]  # two equal channels
    return found


@pytest.mark.parametrize("turns", [-0.5, -0.2, 0.0, 0.07, 0.2, 0.5])
def test_the_same_as_torchvision(turns):
    given = images()
    torch.testing.assert_close(turn_hue(given, turns), functional.adjust_hue(given, turns))


def test_the_same_as_the_standard_library():
    given = images()[0]
    found = turn_hue(given[None], 0.13)[0]
    for y in range(0, 20, 3):
        for x in range(0, 30, 7):
            h, s, v = colorsys.rgb_to_hsv(*given[:, y, x].double().tolist())
            exact = colorsys.hsv_to_rgb((h + 0.13) % 1, s, v)
            assert found[:, y, x].tolist() == pytest.approx(exact, abs=1e-5)


def test_memory_order_and_input_are_kept():
    given = images().contiguous(memory_format=torch.channels_last)
    before = given.clone()
    assert turn_hue(given, 0.1).is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(given, before)
