"""Mixup of the original into the generated scene."""

import numpy as np
import torch
from jaxtyping import UInt8

from models.training_data.config import MixConfig


def draw_original_share(config: MixConfig, draws: np.random.Generator) -> float:
    """Share p of the original: min(U(0, 1), largest share)."""
    return min(draws.random(), config.max_original_share)


def mix_into_generated(
    pictures: UInt8[np.ndarray, "2 height width 3"], original_share: float
) -> UInt8[np.ndarray, "2 height width 3"]:
    """The pair with p * original + (1 - p) * generated in place of the generated scene.

    Rounded to the nearest value, ties to the even one; the first implementation cuts the fraction
    off, which darkens every mix by half a value.
    """
    original, generated = torch.from_numpy(pictures).float()
    mixed = torch.lerp(generated, original, original_share).round_().to(torch.uint8)
    return np.stack([pictures[0], mixed.numpy()])
