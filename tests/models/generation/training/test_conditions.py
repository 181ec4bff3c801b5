import numpy as np
import torch

from models.generation.training.conditions import (
    CONDITIONS,
    build_condition_classifier,
    condition_fit,
    predict_conditions,
)
from models.generation.training.fit import FitConfig


def test_the_classifier_learns_what_differs_in_light_and_color():
    rng = np.random.default_rng(0)
    numbers = torch.arange(20) % len(CONDITIONS)
    levels = rng.integers(0, 255, (len(CONDITIONS), 3))
    images = torch.from_numpy(levels[numbers.numpy()].astype(np.uint8))
    images = images[:, None, None].expand(20, 32, 48, 3).contiguous()
    network = build_condition_classifier(seed=0)
    config = FitConfig(n_steps=60, batch_size=20, learning_rate=5e-3, n_warm_up=5)
    fit = condition_fit(network, images, numbers, config)
    losses = [float(loss) for loss in fit]
    fit.finish()
    assert losses[-1] < 0.5 * losses[0]
    assert (predict_conditions(network, images) == numbers).float().mean() > 0.8
