"""Random streams: one for each purpose, so that one draw more never disturbs another purpose."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from zlib import crc32

import numpy as np


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator that depends on nothing but `seed` (0 or more) and the words of `purpose`."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, crc32(purpose.encode())]))
    )


def pick_by_share(rng: np.random.Generator, options: Sequence[str], shares: Sequence[float]) -> str:
    """One of the options; the same draws as `rng.choice(options, p=shares)`, cheaper.

    Shares sum to 1 up to rounding.
    """
    cumulative = list(accumulate(shares))
    return options[bisect_right([value / cumulative[-1] for value in cumulative], rng.random())]
