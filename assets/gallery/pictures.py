"""The pictures of an attempt as a person looks at them, or the reason why one is missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from assets.gallery.rows import UNJUDGED, DrawnAttempt
from models.label_colors import label_colors, outline
from models.scene_sheet import Tile, fit
from storage.blobs import BlobStore, DamagedBlobError, MissingBlobError
from storage.datasets.dataset import BadFileError
from storage.images import read_image
from storage.rle import decode_mask

_PASTED_COLOR = (255, 255, 255)
_OUTLINE_PX_PER_WIDTH = 1 / 256


@dataclass(frozen=True)
class Pictures:
    """Where pictures come from, and the largest width they are wanted in.

    Photographs lie below ``data_root``; None where it is not at hand.
    """

    blobs: BlobStore
    data_root: Path | None
    max_width_px: int

    def photograph(self, item: DrawnAttempt) -> Tile:
        """The frame whose layout the scene was drawn from."""
        if item.request is None:
            return "no request names the photograph"
        if self.data_root is None:
            return "photographs are not at hand"
        try:
            return self._small(read_image(self.data_root / item.request.image))
        except BadFileError as error:
            return f"photograph: {error.fact}"

    def layout(self, item: DrawnAttempt) -> Tile:
        """What the generator was told to draw, in ADE20K colors."""
        return self._blob(item.attempt.layout_sha256, _as_is, is_coded=True)

    def picture(self, item: DrawnAttempt) -> Tile:
        """What it drew; the thumbnail where the picture was not kept."""
        return self._blob(item.attempt.image_sha256 or item.attempt.thumbnail_sha256, _as_is)

    def found(self, item: DrawnAttempt) -> Tile:
        """The picture with SAM's masks outlined in `OOD_COLOR`, the pasted ones in white."""
        picture = self.picture(item)
        if isinstance(picture, str):
            return picture
        thickness = max(1, round(picture.shape[1] * _OUTLINE_PX_PER_WIDTH))
        pasted = _masks(item, [row.pasted_mask_rle for row in item.objects], picture)
        found = _masks(item, [row.sam_mask_rle for row in item.objects], picture)
        for mask in pasted:
            picture = outline(picture, mask, color=_PASTED_COLOR, thickness_px=1)
        for mask in found:
            picture = outline(picture, mask, thickness_px=thickness)
        return picture

    def label(self, item: DrawnAttempt) -> Tile:
        """The label in its colors; none where the attempt has no label."""
        if item.label is None:
            return _why_no_label(item)
        return self._blob(item.label.label_sha256, label_colors, is_coded=True)

    def _blob(
        self,
        name: str,
        read: Callable[[UInt8[np.ndarray, "..."]], UInt8[np.ndarray, "height width 3"]],
        *,
        is_coded: bool = False,
    ) -> Tile:
        try:
            pixels = self.blobs.get_image(name)
        except MissingBlobError:
            return "picture is missing in the store"
        except DamagedBlobError:
            return "picture is damaged in the store"
        return self._small(read(pixels), is_coded=is_coded)

    def _small(
        self, picture: UInt8[np.ndarray, "height width 3"], *, is_coded: bool = False
    ) -> UInt8[np.ndarray, "new_height new_width 3"]:
        height, width = picture.shape[:2]
        if width <= self.max_width_px:
            return picture
        return fit(picture, width_px=self.max_width_px, height_px=height, is_coded=is_coded)


def _as_is(pixels: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    return pixels


def _why_no_label(item: DrawnAttempt) -> str:
    if item.status == UNJUDGED:
        return "not judged yet"
    if item.verdict is not None and item.verdict.is_chosen:
        return "not labelled yet"
    return "no label: not chosen" if item.status == "accepted" else "no label: rejected"


def _masks(
    item: DrawnAttempt, rles: Sequence[bytes], picture: UInt8[np.ndarray, "height width 3"]
) -> list[Bool[np.ndarray, "height width"]]:
    """Masks at the size of the picture, which may be smaller than they are."""
    size = item.attempt.height_px, item.attempt.width_px
    masks = [decode_mask(rle, height_px=size[0], width_px=size[1]) for rle in rles]
    wanted = picture.shape[1], picture.shape[0]
    return [
        cv2.resize(mask.astype(np.uint8), wanted, interpolation=cv2.INTER_NEAREST_EXACT) > 0
        for mask in masks
    ]
