"""The pictures of a traced sample, small enough for a page."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from assets.gallery.inline import data_uri
from assets.gallery.markup import Html, element, void_element
from models.label_colors import label_colors, outline
from models.scene_sheet import fit
from storage.blobs import BlobStore, DamagedBlobError, MissingBlobError
from storage.datasets.dataset import BadFileError
from storage.images import read_image
from storage.records import OodObject
from storage.rle import decode_mask

WIDTH_PX, CROP_PX = 640, 256
_BEHIND = 128
"""Gray level under what a crop does not cover."""


@dataclass(frozen=True)
class SamplePictures:
    """Markup of pictures from the store and from below the data root; a word where one is gone."""

    blobs: BlobStore
    data_root: Path

    def blob(self, name: str | None, alt: str) -> Html:
        """A picture or layout of the store."""
        pixels = self._pixels(name)
        return pixels if isinstance(pixels, Html) else _image(pixels, alt, WIDTH_PX)

    def label(self, name: str, alt: str) -> Html:
        """A label of the store in its colors."""
        pixels = self._pixels(name)
        return pixels if isinstance(pixels, Html) else _coded(label_colors(pixels), alt)

    def crop(self, name: str | None, alt: str) -> Html:
        """A crop of the bank over gray."""
        pixels = self._pixels(name)
        if isinstance(pixels, Html):
            return pixels
        share = pixels[..., 3:].astype(np.float64) / 255
        mixed = pixels[..., :3] * share + _BEHIND * (1 - share)
        return _image(mixed.round().astype(np.uint8), alt, CROP_PX)

    def photograph(self, name: str, alt: str) -> Html:
        """A file below the data root."""
        try:
            return _image(read_image(self.data_root / name), alt, WIDTH_PX)
        except BadFileError as error:
            return _missing(f"photograph: {error.fact}")

    def source(self, row: OodObject, alt: str) -> Html:
        """The picture that an object was cut from, with the object outlined."""
        size = (row.image_height_px, row.image_width_px)
        try:
            pixels = read_image(self.data_root / row.source_image)
        except BadFileError as error:
            return _missing(f"source: {error.fact}")
        if pixels.shape[:2] != size:
            return _missing("source: has another size than it had")
        mask = decode_mask(row.mask_rle, height_px=size[0], width_px=size[1])
        return _image(outline(pixels, mask, thickness_px=max(1, size[1] // 200)), alt, WIDTH_PX)

    def _pixels(self, name: str | None) -> UInt8[np.ndarray, "..."] | Html:
        if name is None:
            return _missing("not kept")
        try:
            return np.asarray(self.blobs.get_image(name), np.uint8)
        except MissingBlobError:
            return _missing("not in the store any more")
        except DamagedBlobError:
            return _missing("damaged in the store")


def _image(pixels: UInt8[np.ndarray, "height width 3"], alt: str, width_px: int) -> Html:
    return void_element("img", src=data_uri(_small(pixels, width_px)), alt=alt)


def _coded(pixels: UInt8[np.ndarray, "height width 3"], alt: str) -> Html:
    small = _small(pixels, WIDTH_PX, is_coded=True)
    return void_element("img", class_="coded", src=data_uri(small, is_coded=True), alt=alt)


def _small(
    pixels: UInt8[np.ndarray, "height width 3"], width_px: int, *, is_coded: bool = False
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    if pixels.shape[1] <= width_px:
        return pixels
    return fit(pixels, width_px=width_px, height_px=pixels.shape[0], is_coded=is_coded)


def _missing(why: str) -> Html:
    return element("span", why, class_="missing")
