"""Which item is drawn before which: layers first, then what lies behind what."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from models.miniature.camera import Camera
from models.miniature.mesh import Item

STANDING_LAYER = 5  # items of this layer may stand beside one another along the street


def drawing_ranks(items: Sequence[Item], camera: Camera) -> Int64[np.ndarray, " items"]:
    """Rank of each item: small ranks are drawn first, and later items cover them."""
    layers = np.array([item.layer for item in items])
    footprints = _footprints(items) - (camera.x, camera.x, 0.0, 0.0)
    ranks = np.lexsort((np.arange(len(items)), -footprints[:, 2], layers)).argsort()
    standing = np.flatnonzero(layers == STANDING_LAYER)
    if len(standing):
        middles = np.array([items[int(k)].x for k in standing]) - camera.x
        first = ranks[standing].min()
        ranks[standing] = first + _standing_ranks(footprints[standing], middles)
    return ranks


def _footprints(items: Sequence[Item]) -> np.ndarray:
    """Least and greatest x, least and greatest z of the ground below each item."""
    lows = np.array([item.mesh.low for item in items]) * [item.scale for item in items]
    highs = np.array([item.mesh.high for item in items]) * [item.scale for item in items]
    turns = np.array([(np.cos(item.yaw), np.sin(item.yaw)) for item in items])
    cos, sin = turns[:, :1], turns[:, 1:]
    x = np.stack([lows[:, 0], highs[:, 0], lows[:, 0], highs[:, 0]], axis=1)
    z = np.stack([lows[:, 2], lows[:, 2], highs[:, 2], highs[:, 2]], axis=1)
    turned_x = x * cos - z * sin + np.array([[item.x] for item in items])
    turned_z = x * sin + z * cos + np.array([[item.z] for item in items])
    ends = [turned_x.min(1), turned_x.max(1), turned_z.min(1), turned_z.max(1)]
    return np.stack(ends, axis=1)


def _standing_ranks(footprints: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """Ranks of items on the street, where a long bus may stand beside several persons.

    An item is behind another if it is wholly farther, or if both stretch over a common depth and it
    is further out sideways. Only items that may cover one another in the picture are compared.
    `middles` are the places sideways, seen from the camera.
    """
    x0, x1, near, far = footprints.T
    is_behind = near[:, None] >= far[None, :] - 1e-6
    is_beside = ~is_behind & ~is_behind.T
    is_outside = (middles[:, None] * middles[None, :] > 0) & (
        np.abs(middles)[:, None] > np.abs(middles)[None, :] + 0.4
    )
    deep, close = np.maximum(far, 0.5), np.maximum(near, 0.5)
    left = np.minimum(x0 / close, x0 / deep) - 0.01
    right = np.maximum(x1 / close, x1 / deep) + 0.01
    overlaps = (left[:, None] < right[None, :]) & (left[None, :] < right[:, None])
    before = ((is_behind & ~is_behind.T) | (is_beside & is_outside)) & overlaps
    return _ranks_of_partial_order(before, near)


def _ranks_of_partial_order(before: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Topological ranks; of items that may be drawn now, or all in a circle, the farthest first."""
    n_items = len(near)
    n_waiting_for = before.sum(axis=0)
    key = near.copy()
    ranks = np.zeros(n_items, dtype=np.int64)
    for rank in range(n_items):
        chosen = int(np.argmax(np.where(n_waiting_for <= 0, key, key - 1e6)))
        ranks[chosen] = rank
        n_waiting_for = n_waiting_for - before[chosen]
        key[chosen] = -np.inf
    return ranks
