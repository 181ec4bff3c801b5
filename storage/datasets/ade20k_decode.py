"""The color coding of the full ADE20K release: RGB images to instances and back.

Facts, checked against every object of the sample images, parts included
(`tests/storage/datasets/test_ade20k_samples.py`):

- Class index = ``R // 10 * 256 + G``, 1-based in the release's class list; 0 is background.
- ``B`` tells instances apart. Of N objects of one file, counted over all classes, the n-th holds
  ``floor(255 * n / N + 0.5)``, so that above 255 objects two of them may share a value.
- ``_seg.png`` holds whole objects, ``_parts_n.png`` the parts of level n.

Nothing here reads files.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Int, Int32, Int64, UInt8, UInt32


@dataclass(frozen=True, eq=False)
class DecodedSegmentation:
    """Instances of one coded image, ordered by class index, then by instance byte.

    ``ids`` counts instances from 1, 0 is background; row ``k - 1`` of the other arrays describes
    instance k. A box is ``(x, y, width, height)``.
    """

    ids: Int32[np.ndarray, "height width"]
    class_index: Int32[np.ndarray, " instances"]
    instance_byte: UInt8[np.ndarray, " instances"]
    area_px: Int64[np.ndarray, " instances"]
    box_px: Int32[np.ndarray, "instances 4"]

    def mask(self, k: int) -> Bool[np.ndarray, "box_height box_width"]:
        """Mask of instance ``k`` (from 1), cut to its box.

        Raises:
            IndexError: if there is no instance ``k``.
        """
        if not 1 <= k <= len(self.box_px):
            raise IndexError(f"need an instance from 1 to {len(self.box_px)}, got {k}")
        x, y, width, height = self.box_px[k - 1]
        is_object: Bool[np.ndarray, "box_height box_width"] = (
            self.ids[y : y + height, x : x + width] == k
        )
        return is_object


def decode_segmentation(rgb: UInt8[np.ndarray, "height width 3"]) -> DecodedSegmentation:
    """Instances of an RGB-coded segmentation.

    Works on runs of equal color, of which an annotated image has far fewer than pixels.

    Raises:
        ValueError: if the image has no pixel.
    """
    height, width = rgb.shape[:2]
    if height * width == 0:
        raise ValueError(f"need an image with pixels, got {height}x{width}")
    packed = _pack(rgb)
    starts = _run_starts(packed)
    lengths = np.diff(starts, append=height * width)
    codes, run_ids = _number_instances(packed.ravel()[starts])
    return DecodedSegmentation(
        ids=np.repeat(run_ids, lengths).reshape(height, width),
        class_index=codes >> 8,
        instance_byte=(codes & 255).astype(np.uint8),
        area_px=np.bincount(run_ids, lengths, minlength=codes.size + 1)[1:].astype(np.int64),
        box_px=_boxes(run_ids, starts, lengths, width=width, n_instances=codes.size),
    )


def encode_segmentation(
    class_index: Int[np.ndarray, "height width"], instance_byte: UInt8[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    """RGB coding of class indices (0 is background) and instance bytes.

    Raises:
        ValueError: if a class index lies outside 0 to 6655, the largest that R and G can hold.
    """
    if class_index.size and not 0 <= class_index.min() <= class_index.max() < 26 * 256:
        raise ValueError(
            f"need class indices from 0 to 6655, got {class_index.min()} to {class_index.max()}"
        )
    red, green = np.divmod(class_index, 256)
    return np.stack([red * 10, green, instance_byte], axis=-1).astype(np.uint8)


def instance_byte(n: int, n_objects: int) -> int:
    """Value of B for the ``n``-th (from 1) of ``n_objects`` objects of one file."""
    return (510 * n + n_objects) // (2 * n_objects)


def _pack(rgb: UInt8[np.ndarray, "height width 3"]) -> UInt32[np.ndarray, "height width"]:
    quads = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2RGBA)
    return quads.view("<u4")[..., 0]


def _run_starts(packed: UInt32[np.ndarray, "height width"]) -> Int64[np.ndarray, " runs"]:
    """Flat index of the first pixel of each run; a run ends with its row."""
    is_start = np.ones(packed.shape, bool)
    np.not_equal(packed[:, 1:], packed[:, :-1], out=is_start[:, 1:])
    return np.flatnonzero(is_start)


def _number_instances(
    packed: UInt32[np.ndarray, " runs"],
) -> tuple[Int32[np.ndarray, " instances"], Int32[np.ndarray, " runs"]]:
    """Sorted ``class index * 256 + B`` of the instances; instance of each run, from 1, or 0."""
    red, green, blue = packed & 255, packed >> 8 & 255, packed >> 16 & 255
    class_index = red // 10 * 256 + green
    code = np.where(class_index > 0, class_index * 256 + blue, 0).astype(np.int32)
    codes, run_ids = np.unique(np.append(code, np.int32(0)), return_inverse=True)
    return codes[1:], run_ids[:-1].astype(np.int32)


def _boxes(
    run_ids: Int32[np.ndarray, " runs"],
    starts: Int64[np.ndarray, " runs"],
    lengths: Int64[np.ndarray, " runs"],
    *,
    width: int,
    n_instances: int,
) -> Int32[np.ndarray, "instances 4"]:
    rows, left = np.divmod(starts, width)
    low = np.full((n_instances + 1, 2), np.iinfo(np.int32).max, np.int64)
    high = np.zeros((n_instances + 1, 2), np.int64)
    np.minimum.at(low, run_ids, np.stack([left, rows], axis=1))
    np.maximum.at(high, run_ids, np.stack([left + lengths, rows + 1], axis=1))
    return np.concatenate([low, high - low], axis=1)[1:].astype(np.int32)
