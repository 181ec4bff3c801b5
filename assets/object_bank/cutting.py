"""One item of the object bank: read an image's annotation, judge each object, cut what is kept.

Runs on workers; a pure function of its item, except that crops go to the blob store.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from assets.worker_store import store_of_item
from models.object_bank import (
    ObjectGeometry,
    QualityRules,
    appearance_hash,
    cut_crop,
    judge_object,
    measure_object,
)
from storage.datasets.dataset import BadFileError
from storage.datasets.objects import read_objects
from storage.images import file_sha256, read_image
from storage.label_space import ade_class
from storage.records import Frame, OodObject, SourceObject
from storage.rle import decode_mask


@dataclass(frozen=True, kw_only=True)
class CutItem:
    """One source image to cut: everything that a worker needs to know.

    ``license`` replaces the source's own statement where the pictures are ours.
    """

    frame: Frame
    data_root: str
    store_root: str
    single_writer: bool
    class_ids: tuple[int, ...]
    rules: QualityRules
    license: str | None


@dataclass(frozen=True, kw_only=True)
class _Picture:
    pixels: UInt8[np.ndarray, "height width 3"]
    sha256: str


def cut_key(item: CutItem) -> str:
    """Key of an item: data set, split and image."""
    return f"{item.frame.dataset}/{item.frame.split}/{item.frame.frame_id}"


def cut_objects(item: CutItem) -> list[OodObject]:
    """Judged objects of the wanted classes in one image, after storing the crops of the kept ones.

    Raises:
        BadFileError: if the image or its annotation cannot be used.
    """
    try:
        return _cut_all(item, Path(item.data_root))
    except BadFileError as error:
        # Rows name files below the data root, so that they stay the same when it is moved.
        path = Path(error.path)
        if not path.is_relative_to(item.data_root):
            raise
        shown = path.relative_to(item.data_root).as_posix()
        raise BadFileError(shown, error.fact, error.cure) from error


def _cut_all(item: CutItem, root: Path) -> list[OodObject]:
    found = read_objects(root, item.frame, class_ids=item.class_ids)
    if not found:
        return []
    image = root / item.frame.image
    picture = _Picture(pixels=read_image(image), sha256=file_sha256(image))
    return [_judge_and_cut(item, source, picture) for source in found]


def _judge_and_cut(item: CutItem, source: SourceObject, picture: _Picture) -> OodObject:
    mask = decode_mask(
        source.mask_rle, height_px=source.image_height_px, width_px=source.image_width_px
    )
    geometry = measure_object(mask)
    reason = judge_object(
        geometry,
        item.rules,
        is_crowd=source.is_crowd,
        is_occluded=source.is_occluded,
        is_cropped=source.is_cropped,
    )
    row = _describe(item, source, geometry, picture)
    if reason is not None:
        return replace(row, verdict="rejected", reason=str(reason))
    crop = cut_crop(picture.pixels, mask, geometry.box)
    sha256 = store_of_item(item.store_root, item.single_writer).blobs.put_image(crop)
    return replace(row, crop_sha256=sha256, appearance_hash=appearance_hash(crop))


def _describe(
    item: CutItem, source: SourceObject, geometry: ObjectGeometry, picture: _Picture
) -> OodObject:
    x, y, width, height = geometry.box
    return OodObject(
        object_id=f"{cut_key(item)}/{source.instance_id}",
        dataset=source.dataset,
        split=source.split,
        source_image=source.image,
        source_sha256=picture.sha256,
        license=item.license or source.license,
        instance_id=source.instance_id,
        is_instance=source.is_instance,
        source_class=source.source_class,
        class_id=source.class_id,
        class_name=ade_class(source.class_id).name if source.class_id else source.source_class,
        image_height_px=source.image_height_px,
        image_width_px=source.image_width_px,
        mask_rle=source.mask_rle,
        box_x_px=x,
        box_y_px=y,
        box_width_px=width,
        box_height_px=height,
        area_px=geometry.area_px,
        border_frac=geometry.border_frac,
        solidity=geometry.solidity,
        is_occluded=source.is_occluded,
        is_cropped=source.is_cropped,
        crop_sha256=None,
        appearance_hash=None,
        verdict="kept",
        reason=None,
    )
