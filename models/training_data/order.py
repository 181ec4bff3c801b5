"""In which order an epoch visits the samples, and the seed of each visit."""

import numpy as np
from jaxtyping import Int64

from models.seeding import derive_seed


def epoch_order(n_samples: int, *, seed: int, epoch: int) -> Int64[np.ndarray, " samples"]:
    """Permutation of 0 to ``n_samples - 1``, another one each epoch; same arguments, same order."""
    return np.random.default_rng(derive_seed("epoch order", seed, epoch)).permutation(n_samples)


def sample_seed(seed: int, epoch: int, index: int) -> int:
    """Seed of one visit of sample ``index``, which does not depend on the order of the visits."""
    return derive_seed("pair transform", seed, epoch, index)


def draws_of(seed: int, part: str) -> np.random.Generator:
    """Random numbers of one part of a transform.

    Each part draws from its own stream, so that a setting of one part moves no other part. NumPy's
    generators have no global state, where torchvision's transform classes draw from torch's.
    """
    return np.random.default_rng(derive_seed(seed, part))
