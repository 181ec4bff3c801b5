"""Cut an object out of its image, and give its look a short name."""

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

_HASH_SIDE = 8


def cut_crop(
    image: UInt8[np.ndarray, "height width 3"],
    mask: Bool[np.ndarray, "height width"],
    box: tuple[int, int, int, int],
) -> UInt8[np.ndarray, "box_height box_width 4"]:
    """RGBA crop of the box (x, y, width, height); alpha is 255 on the object and 0 elsewhere.

    Colors outside the mask are set to 0, so that nothing but the object travels with the crop.
    """
    x, y, width, height = box
    inside = mask[y : y + height, x : x + width, None]
    color = image[y : y + height, x : x + width] * inside
    return np.concatenate([color, inside.astype(np.uint8) * 255], axis=2)


def appearance_hash(crop: UInt8[np.ndarray, "height width 4"]) -> str:
    """Short name of a look: difference hash of gray values and of the outline, and the mean color.

    Each difference hash compares neighbors in a 9x8 reduction (16 hexadecimal digits); the mean
    color of the object in 16 steps a channel (3 digits) keeps flat objects of one shape apart.
    """
    gray = cv2.cvtColor(crop, cv2.COLOR_RGBA2GRAY)
    outline = np.ascontiguousarray(crop[:, :, 3])
    return _difference_hash(gray) + _difference_hash(outline) + _mean_color(crop)


def _difference_hash(channel: UInt8[np.ndarray, "height width"]) -> str:
    small = cv2.resize(channel, (_HASH_SIDE + 1, _HASH_SIDE), interpolation=cv2.INTER_AREA)
    bits = np.packbits(small[:, 1:] > small[:, :-1])
    return bits.tobytes().hex()


def _mean_color(crop: UInt8[np.ndarray, "height width 4"]) -> str:
    color = crop[:, :, :3][crop[:, :, 3] > 0].mean(axis=0)
    return "".join(f"{int(channel) >> 4:x}" for channel in color)
