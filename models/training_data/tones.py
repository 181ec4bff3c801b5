"""Tone curves: changes of brightness that look a value up, from statistics of a picture.

A curve is (pictures, 3, 256) uint8: for every picture and channel, the new value of each old one.
torchvision computes the same changes from the statistics of the tensor that it is given. Here the
statistics may come from the whole frame while the curve is applied to a part of it, and looking up
is several times faster.
"""

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

Pictures = UInt8[np.ndarray, "pictures _ _ 3"]
Curves = UInt8[np.ndarray, "pictures 3 256"]

_VALUES = np.arange(256, dtype=np.float64)
_LUMA = np.array([0.2989, 0.587, 0.114])  # as torchvision weighs red, green and blue


def apply_curves(curves: Curves, pictures: Pictures) -> Pictures:
    """Every value looked up in the curve of its picture and channel."""
    # Pillow looks up faster than NumPy and, unlike OpenCV, starts no threads in a worker.
    return np.stack(
        [
            np.asarray(Image.fromarray(picture).point(curve.ravel().tolist()))
            for picture, curve in zip(pictures, curves, strict=True)
        ]
    )


def brightness_curves(pictures: Pictures, factor: float) -> Curves:
    """Values times the factor."""
    return _stacked(np.broadcast_to(_VALUES * factor, (len(pictures), 3, 256)))


def contrast_curves(pictures: Pictures, factor: float) -> Curves:
    """Distance from the picture's mean gray, times the factor."""
    gray = pictures.mean(axis=(1, 2)) @ _LUMA
    curves = gray[:, None, None] * (1 - factor) + _VALUES * factor
    return _stacked(np.broadcast_to(curves, (len(pictures), 3, 256)))


def autocontrast_curves(pictures: Pictures) -> Curves:
    """Each channel stretched to 0 to 255; a channel of one value stays."""
    low = pictures.min(axis=(1, 2)).astype(np.float64)[..., None]
    high = pictures.max(axis=(1, 2)).astype(np.float64)[..., None]
    stretched = (_VALUES - low) * (255 / np.maximum(high - low, 1))
    return _stacked(np.where(high > low, stretched, _VALUES))


def equalize_curves(pictures: Pictures) -> Curves:
    """Each channel's values spread so that all are about as frequent, by Pillow's integer rule."""
    return np.stack(
        [
            np.stack([_equalized(picture[..., channel]) for channel in range(3)])
            for picture in pictures
        ]
    )


def _equalized(values: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "256"]:
    counts = np.bincount(values.ravel(), minlength=256)
    step = int(counts.sum() - counts[counts.nonzero()[0][-1]]) // 255
    if step == 0:
        return np.arange(256, dtype=np.uint8)
    below = np.cumsum(counts) - counts
    curve: np.ndarray = np.minimum((below + step // 2) // step, 255).astype(np.uint8)
    return curve


def _stacked(curves: Float[np.ndarray, "pictures 3 256"]) -> Curves:
    rounded: Curves = np.clip(np.rint(curves), 0, 255).astype(np.uint8)
    return rounded
