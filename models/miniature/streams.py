"""Random streams: one for each purpose, so that one draw more never disturbs another purpose."""

from zlib import crc32

import numpy as np


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator that depends on nothing but `seed` (0 or more) and the words of `purpose`."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, crc32(purpose.encode())]))
    )
