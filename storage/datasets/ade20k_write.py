"""Images in the layout of the full ADE20K release, written so that its readers accept them.

Facts about the files are in `storage.datasets.ade20k`. Every file appears whole or not at all, and
the photo last: an image that is listed has all its files.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from upath import UPath

from storage.atomic import write_atomically
from storage.datasets.ade20k import HIDDEN, SPLITS, VISIBLE
from storage.datasets.ade20k_decode import encode_segmentation, instance_byte
from storage.datasets.source_classes import fine_index
from storage.images import write_photo, write_png

_SAVED = "01-Jan-2000 00:00:00"
"""Date of an outline: a constant, so that equal scenes give equal files."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnObject:
    """One object or part to write, masks at the size of the image.

    ``mask`` is what is visible, ``hidden`` the rest of the outline (None: nothing is hidden);
    ``parts`` lie inside ``mask``. ``name`` is a class name of the release, whose index comes from
    the table of fine classes unless ``class_index`` gives it.
    """

    name: str
    mask: Bool[np.ndarray, "height width"]
    hidden: Bool[np.ndarray, "height width"] | None = None
    parts: tuple["DrawnObject", ...] = ()
    is_occluded: bool | None = None
    is_cropped: bool = False
    class_index: int | None = None


@dataclass(frozen=True, eq=False)
class _Numbered:
    """An object with its place in the JSON file; ``parent`` is -1 for whole objects."""

    object_id: int
    level: int
    parent: int
    children: tuple[int, ...]
    class_index: int
    drawn: DrawnObject


def write_ade20k_image(
    folder: Path,
    *,
    split: str,
    scene: str,
    image_id: str,
    image: UInt8[np.ndarray, "height width 3"],
    objects: Sequence[DrawnObject],
) -> None:
    """Write photo, JSON, coded segmentation, coded parts and object masks of one image.

    Args:
        folder: the release's folder, which holds ``images``.
        split: ``train`` or ``val``.
        scene: scene path such as ``home_or_hotel/bedroom``.
        image_id: as in ``ADE_train_00000001``; the stem of all files.
        image: RGB; stored as JPEG.
        objects: whole objects whose visible masks do not overlap.

    Raises:
        ValueError: if the split or a class is unknown, sizes differ, masks are empty or overlap, or
            parts leave their whole.
    """
    if split not in SPLITS or not image_id.startswith("ADE_"):
        raise ValueError(
            f"need a split of {tuple(SPLITS)} and ADE_<id>, got {split!r}, {image_id!r}"
        )
    numbered = _number(objects)
    _check(numbered, image.shape[:2])
    place = folder / "images" / "ADE" / SPLITS[split] / scene
    for item in numbered:
        write_png(place / _mask_file(item, image_id), _outline(item.drawn))
    for level, items in _by_level(numbered).items():
        suffix = "seg" if level == 0 else f"parts_{level}"
        write_png(place / f"{image_id}_{suffix}.png", _coded(items, image.shape[:2]))
    annotation = _annotation(place, image_id, scene, image.shape, numbered)
    text = json.dumps({"annotation": annotation}, separators=(",", ":"))
    write_atomically(UPath(place / f"{image_id}.json"), text.encode())
    write_photo(place / f"{image_id}.jpg", image)


def _number(objects: Sequence[DrawnObject]) -> list[_Numbered]:
    """Objects in the order of the JSON file: each whole object, then its parts, depth first."""
    numbered: list[_Numbered] = []

    def add(drawn: DrawnObject, level: int, parent: int) -> int:
        object_id = len(numbered)
        index = fine_index(drawn.name) if drawn.class_index is None else drawn.class_index
        numbered.append(_Numbered(object_id, level, parent, (), index, drawn))
        children = tuple(add(part, level + 1, object_id) for part in drawn.parts)
        numbered[object_id] = _Numbered(object_id, level, parent, children, index, drawn)
        return object_id

    for drawn in objects:
        add(drawn, 0, -1)
    return numbered


def _check(numbered: list[_Numbered], size: tuple[int, ...]) -> None:
    taken = np.zeros(size, bool)
    for item in numbered:
        drawn = item.drawn
        if drawn.mask.shape != size or not drawn.mask.any():
            raise ValueError(f"need a mask of {size} with pixels for {drawn.name!r}")
        if drawn.hidden is not None and (drawn.hidden & drawn.mask).any():
            raise ValueError(f"need hidden pixels apart from the visible ones of {drawn.name!r}")
        if item.level and (drawn.mask & ~numbered[item.parent].drawn.mask).any():
            raise ValueError(f"need the part {drawn.name!r} inside its whole")
        if item.level == 0:
            if (taken & drawn.mask).any():
                raise ValueError(f"need visible masks that do not overlap, got {drawn.name!r}")
            taken |= drawn.mask


def _by_level(numbered: list[_Numbered]) -> dict[int, list[_Numbered]]:
    levels: dict[int, list[_Numbered]] = defaultdict(list, {0: []})
    for item in numbered:
        levels[item.level].append(item)
    return dict(levels)


def _coded(items: list[_Numbered], size: tuple[int, ...]) -> UInt8[np.ndarray, "height width 3"]:
    class_index, instances = np.zeros(size, np.int32), np.zeros(size, np.uint8)
    for n, item in enumerate(items, start=1):
        class_index[item.drawn.mask] = item.class_index
        instances[item.drawn.mask] = instance_byte(n, len(items))
    return encode_segmentation(class_index, instances)


def _outline(drawn: DrawnObject) -> UInt8[np.ndarray, "height width"]:
    outline = np.where(drawn.mask, np.uint8(VISIBLE), np.uint8(0))
    if drawn.hidden is not None:
        outline[drawn.hidden] = HIDDEN
    return outline


def _mask_file(item: _Numbered, image_id: str) -> str:
    return f"{image_id}/instance_{item.object_id:03d}_{image_id}.png"


def _annotation(
    place: Path, image_id: str, scene: str, shape: tuple[int, ...], numbered: list[_Numbered]
) -> dict[str, Any]:
    """The JSON content, with the keys of the release in their order."""
    return {
        "filename": f"{image_id}.jpg",
        "folder": f"ADE20K_2021_17_01/images/ADE/{place.as_posix().split('/images/ADE/')[-1]}",
        "imsize": list(shape),
        "source": {"folder": scene, "filename": f"{image_id}.jpg", "origin": "Rendered."},
        "scene": scene.split("/"),
        "object": [_entry(item, image_id) for item in numbered],
    }


def _entry(item: _Numbered, image_id: str) -> dict[str, Any]:
    drawn = item.drawn
    occluded: Any = [] if drawn.is_occluded is None else ("yes" if drawn.is_occluded else "no")
    return {
        "id": item.object_id,
        "name": drawn.name,
        "name_ndx": item.class_index,
        "hypernym": [drawn.name],
        "raw_name": drawn.name.split(",")[0],
        "attributes": [],
        "depth_ordering_rank": item.object_id + 1,
        "occluded": occluded,
        "crop": "1" if drawn.is_cropped else "0",
        "parts": {
            "hasparts": item.children[0] if len(item.children) == 1 else list(item.children),
            "ispartof": item.parent if item.level else [],
            "part_level": item.level,
        },
        "instance_mask": _mask_file(item, image_id),
        "polygon": _polygon(_outline(drawn)),
        "saved_date": _SAVED,
    }


def _polygon(outline: UInt8[np.ndarray, "height width"]) -> dict[str, list[int]]:
    """Corners of the largest connected outline."""
    found, _ = cv2.findContours(
        (outline > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    largest = max(found, key=cv2.contourArea)[:, 0]
    return {"x": largest[:, 0].tolist(), "y": largest[:, 1].tolist()}
