"""One item of the stage: compose the label of a chosen picture and store it.

Runs on workers; a pure function of its item, except that pictures go to the blob store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from assets.synthesis.preparing import read_street
from assets.worker_store import store_of_item
from models.filtering import sam_layout, scene_label
from models.scenes import PastedObject, label_after_layout, resize_mask, scene_layout
from storage.blobs import BlobStore
from storage.label_space import OOD_ID, VOID_ID, train_id_table
from storage.png import png_bytes, png_text
from storage.rle import decode_mask, encode_mask
from storage.scene_records import LabelledScene, ObjectAttempt, SceneAttempt, SceneRequest

Size = tuple[int, int]
"""Height and width in pixels."""

Masks = Bool[np.ndarray, "objects height width"]


@dataclass(frozen=True, kw_only=True)
class LabelItem:
    """One chosen picture with the rows that tell of it: everything that a worker needs to know."""

    request: SceneRequest
    attempt: SceneAttempt
    objects: tuple[ObjectAttempt, ...]
    size: Literal["picture", "frame"]
    label_mask: Literal["sam", "pasted"]
    data_root: str
    store_root: str
    single_writer: bool
    generator: str
    generator_license: str

    @property
    def picture_size(self) -> Size:
        """Size that the picture was drawn at."""
        return self.attempt.height_px, self.attempt.width_px

    @property
    def frame_size(self) -> Size:
        """Size of the label of the frame."""
        return self.request.height_px, self.request.width_px

    @property
    def label_size(self) -> Size:
        """Size that is asked for."""
        return self.picture_size if self.size == "picture" else self.frame_size


@dataclass(frozen=True, kw_only=True, eq=False)
class _Label:
    """The label at its size, with the masks of its objects and both layouts."""

    train_ids: UInt8[np.ndarray, "height width"]
    masks: Masks
    sam_layout: UInt8[np.ndarray, "height width 3"]
    layout: UInt8[np.ndarray, "height width 3"]


def label_key(item: LabelItem) -> str:
    """Key of an item: frame, variant and attempt."""
    return f"{item.attempt.frame_id}/{item.attempt.variant}/{item.attempt.attempt}"


def label_scene(item: LabelItem) -> LabelledScene:
    """Row of a labelled picture, after storing label, layouts and, at another size, the picture.

    Raises:
        BadFileError: if the label of the frame cannot be used, or is another than was drawn from.
        ValueError: if the picture is not the one that was scored.
    """
    blobs = store_of_item(item.store_root, item.single_writer).blobs
    label = _compose(item)  # first: a bad file is why a picture could not be drawn again
    picture = _scored_picture(item, blobs)
    image, layout = str(item.attempt.image_sha256), item.attempt.layout_sha256
    if item.label_size != item.picture_size:
        text = png_text(blobs.get(image))
        image = blobs.put(png_bytes(_brought_to(item.label_size, picture), text), ".png")
        layout = blobs.put_image(label.layout)
    return _row(
        item,
        label,
        image_sha256=image,
        label_sha256=blobs.put_image(label.train_ids),
        layout_sha256=layout,
        sam_layout_sha256=blobs.put_image(label.sam_layout),
    )


def _scored_picture(item: LabelItem, blobs: BlobStore) -> UInt8[np.ndarray, "height width 3"]:
    name = item.attempt.image_sha256
    if name is None:
        raise ValueError("its picture could not be drawn again")
    picture = np.asarray(blobs.get_image(name))
    found, wanted = sha256(picture.tobytes()).hexdigest(), item.attempt.pixels_sha256
    if picture.shape != (*item.picture_size, 3) or found != wanted:
        raise ValueError(
            f"blob {name}: need the {item.picture_size[0]}x{item.picture_size[1]} picture that was "
            f"scored, with SHA-256 {wanted} of its pixels, got {picture.shape} with {found}; "
            "pictures are drawn again to the byte only under the same execution profile "
            f"({item.attempt.profile_id})"
        )
    return picture


def _compose(item: LabelItem) -> _Label:
    size = item.label_size
    street = read_street(item.request, Path(item.data_root), size, with_edges=False)
    told = _masks(item.request.object_mask_rles, item.frame_size, size)
    pasted = _masks([row.pasted_mask_rle for row in item.objects], item.picture_size, size)
    found = _masks([row.sam_mask_rle for row in item.objects], item.picture_size, size)
    if size != item.picture_size:
        # Both sizes of a mask differ by less than a pixel of the picture: nobody vouches for it.
        pasted |= told
    objects = [
        PastedObject(mask=mask, class_id=class_id)
        for mask, class_id in zip(told, item.request.object_class_ids, strict=True)
    ]
    train_ids = label_after_layout(train_id_table()[street.label_ids])
    labelled = found
    if item.label_mask == "pasted":
        pasted = labelled = told  # nothing is left out of it, so nothing is void
    return _Label(
        train_ids=scene_label(train_ids, pasted, labelled),
        masks=labelled,
        sam_layout=sam_layout(street.label_ids, found),
        layout=scene_layout(street.label_ids, objects)[0],
    )


def _masks(rles: Sequence[bytes], old: Size, new: Size) -> Masks:
    """Masks of the objects at another size, by nearest pixels; only empty ones become empty."""
    masks = np.zeros((len(rles), *new), bool)
    for mask, rle in zip(masks, rles, strict=True):
        whole = decode_mask(rle, height_px=old[0], width_px=old[1])
        if whole.any():
            mask[:] = resize_mask(whole, height_px=new[0], width_px=new[1])
    return masks


def _brought_to(
    size: Size, picture: UInt8[np.ndarray, "height width 3"]
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """The picture at the size of the frame. Reference: Gao et al. 2024, first implementation."""
    resized = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def _row(item: LabelItem, label: _Label, **blobs: str) -> LabelledScene:
    request, attempt = item.request, item.attempt
    licenses = (request.license, *request.object_licenses, item.generator_license)
    return LabelledScene(
        round=attempt.round,
        frame_id=attempt.frame_id,
        variant=attempt.variant,
        city=attempt.city,
        attempt=attempt.attempt,
        height_px=label.train_ids.shape[0],
        width_px=label.train_ids.shape[1],
        object_ids=request.object_ids,
        object_class_ids=request.object_class_ids,
        object_class_names=request.object_class_names,
        object_mask_rles=tuple(map(encode_mask, label.masks)),
        object_ious=tuple(row.iou for row in item.objects),
        prompt=request.prompt,
        place=request.place,
        weather=request.weather,
        time=request.time,
        seed=attempt.seed,
        generator=item.generator,
        profile_id=attempt.profile_id,
        source_image=request.image,
        source_label=request.label,
        licenses=tuple(dict.fromkeys(licenses)),
        n_ood_px=int(np.count_nonzero(label.train_ids == OOD_ID)),
        label_mask=None if item.label_mask == "sam" else item.label_mask,
        n_void_px=int(np.count_nonzero(label.train_ids == VOID_ID)),
        **blobs,
    )
