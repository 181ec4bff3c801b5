"""One item of the stage: read a frame's label map, find places, write down the requests.

Runs on workers; a pure function of its item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from models.scenes import (
    NEGATIVE_PROMPT,
    Condition,
    Placed,
    PlacementRules,
    Subject,
    object_heights,
    place_object,
    write_prompt,
)
from models.scenes.surfaces import road_frac
from models.seeding import derive_seed
from storage.datasets.dataset import BadFileError
from storage.datasets.label_ids import read_label_ids
from storage.images import file_sha256, image_size
from storage.records import Frame, OodObject
from storage.rle import decode_mask, encode_box_mask
from storage.scene_records import SceneRequest


class EmptyReason(StrEnum):
    """Why a request holds no scene."""

    NO_ROAD = "no_road"
    SMALL_ROAD = "small_road"
    NO_ROOM = "no_room"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What is drawn of an attempt before its frame is opened."""

    variant: int
    number: int
    condition: Condition
    objects: tuple[OodObject, ...]


@dataclass(frozen=True, kw_only=True)
class RequestItem:
    """One frame with its attempts: everything that a worker needs to know."""

    frame: Frame
    round: str
    data_root: str
    attempts: tuple[Attempt, ...]
    rules: PlacementRules
    min_objects: int
    min_road_frac: float
    license: str


@dataclass(frozen=True, eq=False)
class _Street:
    """A frame as it was read."""

    label_ids: UInt8[np.ndarray, "height width"]
    image_sha256: str
    label_sha256: str


def request_key(item: RequestItem) -> str:
    """Key of an item: data set, split and frame."""
    return f"{item.frame.dataset}/{item.frame.split}/{item.frame.frame_id}"


def request_scenes(item: RequestItem) -> list[SceneRequest]:
    """A request for every attempt, or one row that says why the frame can have none.

    Where scenes need no object, a frame without road, or without room for one, has scenes without.

    Raises:
        BadFileError: if image or label cannot be used, or their sizes differ.
    """
    try:
        street = _read_street(Path(item.data_root), item.frame)
    except BadFileError as error:
        # Rows name files below the data root, so that they stay the same when it is moved.
        path = Path(error.path)
        if not path.is_relative_to(item.data_root):
            raise
        shown = path.relative_to(item.data_root).as_posix()
        raise BadFileError(shown, error.fact, error.cure) from error
    reason = _why_none(street.label_ids, item.min_road_frac)
    if reason is None:
        return [_request(item, street, attempt) for attempt in item.attempts]
    if item.min_objects:
        return [_row(item, street, item.attempts[0], (), reason)]
    return [_row(item, street, attempt, (), None) for attempt in item.attempts]


def _read_street(root: Path, frame: Frame) -> _Street:
    label_ids = read_label_ids(root, frame)
    label = root / str(frame.label)
    found, wanted = label_ids.shape, image_size(root / frame.image)
    if found != wanted:
        fact = f"need a label of {wanted[0]}x{wanted[1]} pixels, as its image has, got {found[0]}x"
        raise BadFileError(label, f"{fact}{found[1]}", "fetch image and label again")
    return _Street(label_ids, file_sha256(root / frame.image), file_sha256(label))


def _why_none(
    label_ids: UInt8[np.ndarray, "height width"], min_road_frac: float
) -> EmptyReason | None:
    road = road_frac(label_ids)
    if road == 0:
        return EmptyReason.NO_ROAD
    return None if road >= min_road_frac else EmptyReason.SMALL_ROAD


def _request(item: RequestItem, street: _Street, attempt: Attempt) -> SceneRequest:
    placed = _place_all(item, street.label_ids, attempt)
    if len(placed) < item.min_objects:
        return _row(item, street, attempt, (), EmptyReason.NO_ROOM)
    return _row(item, street, attempt, placed, None)


def _place_all(
    item: RequestItem, label_ids: UInt8[np.ndarray, "height width"], attempt: Attempt
) -> list[tuple[OodObject, Placed]]:
    """The objects that found a place, in their order; none covers another."""
    taken = np.zeros(label_ids.shape, bool)
    found: list[tuple[OodObject, Placed]] = []
    for index, row in enumerate(attempt.objects):
        seed = derive_seed(*_name(item, attempt), "placement", index)
        subject = Subject(_mask_in_box(row), object_heights()[row.class_id])
        placed = place_object(label_ids, subject, item.rules, seed=seed, taken=taken)
        if placed is not None:
            taken |= placed.mask
            found.append((row, placed))
    return found


def _mask_in_box(row: OodObject) -> Bool[np.ndarray, "box_height box_width"]:
    mask = decode_mask(row.mask_rle, height_px=row.image_height_px, width_px=row.image_width_px)
    x, y = row.box_x_px, row.box_y_px
    return mask[y : y + row.box_height_px, x : x + row.box_width_px]


def _name(item: RequestItem, attempt: Attempt) -> tuple[str, str, int, int]:
    return item.round, item.frame.frame_id, attempt.variant, attempt.number


def _row(
    item: RequestItem,
    street: _Street,
    attempt: Attempt,
    placed: Sequence[tuple[OodObject, Placed]],
    reason: EmptyReason | None,
) -> SceneRequest:
    is_scene = reason is None
    condition = attempt.condition if is_scene else Condition()
    names = [row.class_name for row, _ in placed]
    return SceneRequest(
        round=item.round,
        frame_id=item.frame.frame_id,
        variant=attempt.variant,
        attempt=attempt.number,
        city=item.frame.group,
        seed=derive_seed(*_name(item, attempt)),
        prompt=write_prompt(condition, names) if is_scene else "",
        negative_prompt=NEGATIVE_PROMPT if is_scene else "",
        place=condition.place,
        weather=condition.weather,
        time=condition.time,
        reason=None if reason is None else str(reason),
        **_object_columns(placed),
        **_frame_columns(item, street),
    )


def _object_columns(placed: Sequence[tuple[OodObject, Placed]]) -> dict[str, Any]:
    objects, places = [row for row, _ in placed], [place for _, place in placed]
    return {
        "object_ids": tuple(row.object_id for row in objects),
        "object_class_ids": tuple(row.class_id for row in objects),
        "object_class_names": tuple(row.class_name for row in objects),
        "object_licenses": tuple(row.license for row in objects),
        "object_x_px": tuple(place.box[0] for place in places),
        "object_y_px": tuple(place.box[1] for place in places),
        "object_width_px": tuple(place.box[2] for place in places),
        "object_height_px": tuple(place.box[3] for place in places),
        "object_is_flipped": tuple(place.is_flipped for place in places),
        "object_mask_rles": tuple(_encode(place.mask) for place in places),
        "object_not_ground_fracs": tuple(place.not_ground_frac for place in places),
    }


def _encode(mask: Bool[np.ndarray, "height width"]) -> bytes:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    part = mask[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    return encode_box_mask(part, left_px=left, top_px=top, image_size=mask.shape)


def _frame_columns(item: RequestItem, street: _Street) -> dict[str, Any]:
    height, width = street.label_ids.shape
    return {
        "height_px": height,
        "width_px": width,
        "image": item.frame.image,
        "label": str(item.frame.label),
        "label_coding": item.frame.coding,
        "image_sha256": street.image_sha256,
        "label_sha256": street.label_sha256,
        "license": item.license,
    }
