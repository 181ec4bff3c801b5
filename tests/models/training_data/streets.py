"""Pairs and objects for the tests of this folder."""

import numpy as np
from PIL import Image

from models.training_data import Pair, PastedObject

COLORS = np.random.default_rng(5).permutation(np.arange(256 * 3).reshape(256, 3) % 256)
COLORS = COLORS.astype(np.uint8)
COLORS[:, 0] = np.arange(256)  # red tells the label


def painted(label):
    """An image whose red channel is the label."""
    return COLORS[label]


def labels(size, seed=0, cell=8):
    """Blocks of train ids, with some void and some unknown object."""
    draws = np.random.default_rng(seed)
    ids = np.array([*range(19), 254, 255], np.uint8)
    rows, columns = (-(-side // cell) for side in size)
    blocks = ids[draws.integers(len(ids), size=(rows, columns))]
    return np.ascontiguousarray(blocks.repeat(cell, 0).repeat(cell, 1)[: size[0], : size[1]])


def smooth(size, draws):
    """An image of slowly changing colors with some grain, as photographs have."""
    coarse = Image.fromarray(draws.integers(0, 256, (6, 9, 3), dtype=np.uint8))
    image = np.asarray(coarse.resize(size[::-1], Image.Resampling.BICUBIC), float)
    return np.clip(image + draws.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def pair_of(size=(64, 96), seed=0, sample_id="frame", *, is_painted=True):
    """A pair with painted labels, or one of smooth colors."""
    original, generated = labels(size, seed), labels(size, seed + 1)
    draws = np.random.default_rng(seed)
    images = [
        painted(label) if is_painted else smooth(size, draws) for label in (original, generated)
    ]
    return Pair(
        sample_id=sample_id,
        original=images[0],
        original_label=original,
        generated=images[1],
        generated_label=generated,
    )


def object_of(size=(10, 14), seed=0):
    """An object of random color; its mask is an ellipse in a wider frame."""
    y, x = np.ogrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    mask = np.pad(x**2 + y**2 <= 1, 2)
    image = np.random.default_rng(seed).integers(0, 256, (*mask.shape, 3), dtype=np.uint8)
    return PastedObject(object_id="object", image=image, mask=mask)
