"""Photographs and labels of frames as two arrays, all at one size."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from assets.synthesis.preparing import picture_size
from models.scenes import resize_nearest
from storage.datasets.dataset import BadFileError
from storage.datasets.label_ids import read_label_ids
from storage.images import read_image
from storage.label_space import train_id_table
from storage.records import Frame

STRIDE_PX = 16
"""Sizes are rounded to it, so that no network has to pad."""

Photographs = UInt8[np.ndarray, "frames height width 3"]
Labels = UInt8[np.ndarray, "frames height width"]


def read_frames(
    data_root: Path, frames: Sequence[Frame], short_side_px: int
) -> tuple[Photographs, Labels]:
    """Photographs, and train ids with 255 as void, with the shorter side so long.

    Raises:
        BadFileError: naming the file, if one cannot be used or has other proportions than the
            first.
    """
    size = None
    photos, labels = [], []
    for frame in frames:
        photo, label_ids = read_image(data_root / frame.image), read_label_ids(data_root, frame)
        wanted = picture_size((photo.shape[0], photo.shape[1]), short_side_px, STRIDE_PX)
        size = size or wanted
        if wanted != size or photo.shape[:2] != label_ids.shape:
            fact = f"need an image and a label that become {size}, got {photo.shape[:2]} and "
            raise BadFileError(
                data_root / frame.image, f"{fact}{label_ids.shape}", "fetch both files again"
            )
        photos.append(_photo_at(size, photo))
        small = resize_nearest(label_ids, height_px=size[0], width_px=size[1])
        labels.append(train_id_table()[small])
    return np.stack(photos), np.stack(labels)


def _photo_at(size: tuple[int, int], photo: np.ndarray) -> np.ndarray:
    if photo.shape[:2] == size:
        return photo
    way = cv2.INTER_AREA if size[0] < photo.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(photo, size[::-1], interpolation=way), np.uint8)
