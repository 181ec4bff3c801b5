"""From a scene request to what the generator is given and what the filter expects."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from models.scenes import (
    PastedObject,
    label_after_layout,
    resize_mask,
    resize_nearest,
    scene_layout,
    surroundings,
    without_objects,
)
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.dataset import BadFileError
from storage.datasets.label_ids import read_label_ids
from storage.images import file_sha256, read_image
from storage.label_space import train_id_table
from storage.records import Frame
from storage.rle import decode_mask
from storage.scene_records import SceneRequest

if TYPE_CHECKING:
    from models.filtering.examining import Wanted
    from models.generation.sampling import Drawing
    from models.generation.two_step import FirstStep


@dataclass(frozen=True, eq=False)
class Prepared:
    """One attempt, ready to be drawn and judged."""

    request: SceneRequest
    drawing: "Drawing"
    wanted: "Wanted"


@dataclass(frozen=True, eq=False)
class Street:
    """Label of a frame at the size of the pictures, and edges of its photograph where wanted."""

    label_ids: UInt8[np.ndarray, "height width"]
    edges: UInt8[np.ndarray, "height width"] | None = None


def picture_size(frame_size: tuple[int, int], short_side_px: int, stride: int) -> tuple[int, int]:
    """Height and width of the pictures of a frame: both sides the next multiples of the stride.

    Reference: Gao et al. 2024, first implementation: the shorter side scaled to a length, both
    rounded.
    """
    scale = short_side_px / min(frame_size)
    height, width = (max(1, round(side * scale / stride)) * stride for side in frame_size)
    return height, width


def read_street(
    request: SceneRequest, data_root: Path, size: tuple[int, int], *, with_edges: bool
) -> Street:
    """The frame of a request at the size of the pictures.

    Raises:
        BadFileError: if a file cannot be used, or is another than the request was made from.
    """
    try:
        return _street(_frame_of(request), request, data_root, size, with_edges)
    except BadFileError as error:
        # Rows name files below the data root, so that they stay the same when it is moved.
        path = Path(error.path)
        if not path.is_relative_to(data_root):
            raise
        shown = path.relative_to(data_root).as_posix()
        raise BadFileError(shown, error.fact, error.cure) from error


def prepare(request: SceneRequest, street: Street, *, margin_px: float | None = None) -> Prepared:
    """What the generator is given, and what the filter expects of its picture.

    ``margin_px`` is how far the surroundings of an object reach, in pixels of a picture 1024 high,
    where objects are drawn in a second step; None where all is drawn at once.
    """
    from models.filtering.examining import Wanted
    from models.generation.sampling import Drawing

    masks = pasted_masks(request, street.label_ids.shape)
    objects = [
        PastedObject(mask=mask, class_id=class_id)
        for mask, class_id in zip(masks, request.object_class_ids, strict=True)
    ]
    layout, _ = scene_layout(street.label_ids, objects)
    drawing = Drawing(
        layout=layout,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        seed=request.seed,
        edges=street.edges,
        first=None if margin_px is None else _first_step(request, street, masks, margin_px),
    )
    label = label_after_layout(train_id_table()[street.label_ids])
    return Prepared(request, drawing, Wanted(pasted_masks=masks, label_train_ids=label))


def pasted_masks(
    request: SceneRequest, size: tuple[int, int]
) -> Bool[np.ndarray, "objects height width"]:
    """Masks of the objects of a request at the size of the pictures; none is empty."""
    masks = np.zeros((len(request.object_mask_rles), *size), bool)
    for mask, rle in zip(masks, request.object_mask_rles, strict=True):
        whole = decode_mask(rle, height_px=request.height_px, width_px=request.width_px)
        mask[:] = resize_mask(whole, height_px=size[0], width_px=size[1])
    return masks


def _first_step(
    request: SceneRequest,
    street: Street,
    masks: Bool[np.ndarray, "objects height width"],
    margin_px: float,
) -> "FirstStep":
    """The picture without objects that they are drawn into."""
    from models.generation.two_step import FirstStep

    return FirstStep(
        layout=scene_layout(street.label_ids, [])[0],
        prompt=without_objects(request.prompt, request.object_class_names),
        region=surroundings(masks, margin_px=margin_px),
    )


def _frame_of(request: SceneRequest) -> Frame:
    return Frame(
        dataset=CITYSCAPES.name,
        split="train",
        frame_id=request.frame_id,
        group=request.city,
        domain="",
        image=request.image,
        label=request.label,
        instances=None,
        coding=request.label_coding,
        is_scored=True,
    )


def _street(
    frame: Frame, request: SceneRequest, root: Path, size: tuple[int, int], with_edges: bool
) -> Street:
    _refuse_change(root / request.label, request.label_sha256)
    label_ids = read_label_ids(root, frame)
    small = resize_nearest(label_ids, height_px=size[0], width_px=size[1])
    if not with_edges:
        return Street(small)
    from models.generation.edges import edges_of

    _refuse_change(root / request.image, request.image_sha256)
    photo = read_image(root / request.image)
    photo = cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8)
    return Street(small, edges_of(photo))


@lru_cache(maxsize=8)
def _sha256_once(path: Path, _size: int, _changed_ns: int) -> str:
    return file_sha256(path)


def _refuse_change(path: Path, wanted: str) -> None:
    try:
        facts = path.stat()
    except OSError as error:
        raise BadFileError(path, f"cannot be read ({error.strerror})", "fetch it again") from error
    if _sha256_once(path, facts.st_size, facts.st_mtime_ns) != wanted:
        raise BadFileError(
            path,
            "is another file than the scene was requested from",
            "materialize scene_requests again",
        )
