"""One entry of many, drawn evenly."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Entry = TypeVar("Entry")


def pick(entries: Sequence[Entry], rng: np.random.Generator) -> Entry:
    """An entry of a sequence that is not empty."""
    return entries[int(rng.integers(len(entries)))]
