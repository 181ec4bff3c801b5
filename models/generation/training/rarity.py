"""What is rare or small counts more: in which scenes are drawn, and in where the loss looks.

Weights in the loss depend on the layout alone, so what is best at each place stays the same; they
decide where a small network spends its strength.
"""

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from storage.label_space import VOID_ID

MAX_CELL_WEIGHT = 3.0
"""Of a rare class in the loss, where a common one has 1."""

COMMON_FRAC = 0.05
"""Share of the pixels from which on a class is common."""

MAX_SCENE_WEIGHT = 4.0
"""Of a scene with a rare class among those drawn, where an ordinary one has 1."""


def class_counts(
    maps: UInt8[np.ndarray, "maps height width"],
) -> Int64[np.ndarray, "maps 256"]:
    """Pixels of every value in each map."""
    return np.stack([np.bincount(found.ravel(), minlength=256) for found in maps])


def cell_weights(counts: Int64[np.ndarray, "maps 256"]) -> Float32[np.ndarray, "256"]:
    """Weight of a pixel by its layout class: the root of how much rarer it is than common.

    From 1 to `MAX_CELL_WEIGHT`; 1 for black, which means nothing, and for what never occurs.

    Args:
        counts: pixels of every layout class in each scene.
    """
    share = counts.sum(0) / counts.sum()
    with np.errstate(divide="ignore"):
        weights = np.sqrt(COMMON_FRAC / share).clip(1, MAX_CELL_WEIGHT)
    weights[(share == 0) | (np.arange(len(share)) == 0)] = 1
    return np.asarray(weights, np.float32)


def scene_shares(counts: Int64[np.ndarray, "maps 256"]) -> Float32[np.ndarray, " maps"]:
    """Share of each scene among those drawn: one whose rarest class few scenes have comes oftener.

    A scene counts as often as half of the scenes would have to hold its rarest class, from once to
    `MAX_SCENE_WEIGHT` times. The shares add up to one.

    Args:
        counts: pixels of every train id in each scene; void is no class.
    """
    is_there = counts > 0
    is_there[:, VOID_ID] = False
    frequency = is_there.mean(0).clip(min=1 / len(counts))
    rarest = np.where(is_there, frequency, 1.0).min(1)
    weights = (0.5 / rarest).clip(1, MAX_SCENE_WEIGHT)
    return np.asarray(weights / weights.sum(), np.float32)
