"""The JSON file of one image of the full ADE20K release: its objects as the annotators state them.

Facts about the files (MATLAB wrote them): the text is UTF-8 or Latin-1; a list of one element may
be that element alone; ``occluded`` is "yes", "no" or an empty list; ``crop`` is "0" or "1", 1 where
the image border cuts the object; ``id`` has gaps.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.datasets.dataset import BadFileError

_CURE = "restore this file from the release"


@dataclass(frozen=True, kw_only=True)
class AnnotatedObject:
    """One entry of ``annotation.object``.

    ``class_index`` counts from 1 in the release's class list, 0 is none; ``parent_id`` is the
    object that this one is a part of; ``mask_file`` is relative to the folder of the JSON file.
    """

    object_id: int
    name: str
    class_index: int
    part_level: int
    parent_id: int | None
    is_occluded: bool | None
    is_cropped: bool | None
    mask_file: str


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One JSON file: the image's size, its origin as text, and its objects in the file's order."""

    height_px: int
    width_px: int
    origin: str
    objects: tuple[AnnotatedObject, ...]


def read_annotation(path: Path) -> Annotation:
    """The annotation of one image.

    Raises:
        BadFileError: if the file is absent, is no JSON, or lacks a key that the release has.
    """
    content = _read_json(path)
    try:
        annotation = content["annotation"]
        height, width = annotation["imsize"][:2]
        return Annotation(
            height_px=int(height),
            width_px=int(width),
            origin=str(annotation.get("source", {}).get("origin", "")),
            objects=tuple(_annotated(entry) for entry in _as_list(annotation["object"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fact = f"expected the keys of an ADE20K annotation, found {type(error).__name__}: {error}"
        raise BadFileError(path, fact, _CURE) from error


def _read_json(path: Path) -> Any:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadFileError(path, f"cannot be read ({error.strerror})", _CURE) from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        return json.loads(text, strict=False)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadFileError(path, f"expected JSON, found: {error}", _CURE) from error


def _annotated(entry: dict[str, Any]) -> AnnotatedObject:
    parts = entry["parts"]
    parents = _as_list(parts["ispartof"])
    return AnnotatedObject(
        object_id=int(entry["id"]),
        name=str(entry["name"]),
        class_index=int(entry["name_ndx"]),
        part_level=int(parts["part_level"]),
        parent_id=int(parents[0]) if parents else None,
        is_occluded={"yes": True, "no": False}.get(str(entry["occluded"])),
        is_cropped={"1": True, "0": False}.get(str(entry["crop"])),
        mask_file=str(entry["instance_mask"]),
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
