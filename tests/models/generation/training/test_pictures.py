import numpy as np
import pytest

from models.generation.training.pictures import Sample, loss_curves, samples_sheet, thinned


def test_curves_are_drawn_for_every_training():
    steps = {f"stage {n}": np.linspace(1, 0.1, 50 * n + 1).astype(np.float32) for n in range(5)}
    picture = loss_curves(steps)
    assert picture.ndim == 3
    assert picture.std() > 5
    assert loss_curves({"one": steps["stage 1"]}).shape[1] < picture.shape[1]
    with pytest.raises(ValueError, match="at least one training"):
        loss_curves({})


def test_points_are_means_of_stretches():
    steps, means = thinned(np.arange(600, dtype=np.float32))
    assert len(steps) == 300
    assert (steps[0], means[0]) == (1.5, 0.5)
    assert (steps[-1], means[-1]) == (599.5, 598.5)
    np.testing.assert_array_equal(thinned(np.array([3.0, 4.0], np.float32))[1], [3, 4])


def test_the_sheet_holds_every_picture_as_it_is():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (16, 32, 3)).astype(np.uint8) for _ in range(6)]
    samples = [Sample("first", pictures[:3]), Sample("second", pictures[3:])]
    sheet = samples_sheet(samples)
    windows = np.lib.stride_tricks.sliding_window_view(sheet, (16, 32, 3))[:, :, 0]
    for picture in pictures:
        assert (windows == picture).all((2, 3, 4)).any()
    with pytest.raises(ValueError, match="at least one sample"):
        samples_sheet([])
