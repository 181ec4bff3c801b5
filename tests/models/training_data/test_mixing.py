import numpy as np
import pytest

from models.training_data import MixConfig
from models.training_data.mixing import draw_original_share, mix_into_generated


@pytest.mark.parametrize("share", [0.3, 0.0137, 0.25, 0.2999])
def test_every_pair_of_values_is_rounded(share):
    original, generated = np.meshgrid(np.arange(256), np.arange(256))
    pictures = np.stack([original, generated]).astype(np.uint8)[..., None].repeat(3, -1)
    mixed = mix_into_generated(pictures, share)
    exact = share * original + (1 - share) * generated
    assert np.abs(mixed[1, ..., 0] - exact).max() <= 0.5 + 1e-4
    assert abs((mixed[1, ..., 0] - exact).mean()) < 0.02, "cutting off would lose half a value"
    np.testing.assert_array_equal(mixed[0], pictures[0])


def test_ties_go_to_the_even_value():
    pictures = np.array([4, 5, 6, 7], np.uint8)[None, None, :, None].repeat(3, -1)
    pictures = np.concatenate([pictures, pictures + 1])
    np.testing.assert_array_equal(mix_into_generated(pictures, 0.5)[1, 0, :, 0], [4, 6, 6, 8])


def test_seven_of_ten_draws_are_the_largest_share():
    draws = np.random.default_rng(0)
    shares = np.array([draw_original_share(MixConfig(), draws) for _ in range(4000)])
    assert shares.max() == 0.3
    assert (shares == 0.3).mean() == pytest.approx(0.7, abs=0.03)
    low = shares[shares < 0.3]
    assert low.mean() == pytest.approx(0.15, abs=0.01)
