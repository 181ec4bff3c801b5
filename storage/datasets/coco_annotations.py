"""The instances JSON of one COCO split, parsed once per process."""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from storage.datasets.dataset import BadFileError

_CURE = "fetch annotations_trainval2017.zip again"


@dataclass(frozen=True, kw_only=True, slots=True)
class CocoImage:
    """One entry of ``images``."""

    image_id: int
    height_px: int
    width_px: int
    license_id: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CocoAnnotation:
    """One entry of ``annotations``; ``segmentation`` is a list of polygons or an RLE."""

    annotation_id: int
    category: str
    is_crowd: bool
    segmentation: Any


@dataclass(frozen=True, kw_only=True, eq=False)
class CocoSplit:
    """One JSON file: images by the stem of their file name, annotations by image id, licenses."""

    images: dict[str, CocoImage]
    annotations: dict[int, tuple[CocoAnnotation, ...]]
    licenses: dict[int, str]


def read_split(path: Path) -> CocoSplit:
    """The parsed file; read again only after the file has changed.

    Raises:
        BadFileError: if the file is absent, is no JSON, or lacks a key of the instances file.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise BadFileError(path, f"cannot be read ({error.strerror})", _CURE) from error
    return _read_split(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _read_split(path: Path, _changed_ns: int, _n_bytes: int) -> CocoSplit:
    try:
        with path.open(encoding="utf-8") as stream:
            content = json.load(stream, object_hook=_pack_polygons)
    except (OSError, ValueError, RecursionError) as error:
        raise BadFileError(path, f"expected JSON, found: {error}", _CURE) from error
    try:
        return CocoSplit(
            images={Path(entry["file_name"]).stem: _image(entry) for entry in content["images"]},
            annotations=_annotations(content),
            licenses={int(entry["id"]): _license(entry) for entry in content.get("licenses", ())},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fact = f"expected the keys of a COCO instances file, found {type(error).__name__}: {error}"
        raise BadFileError(path, fact, _CURE) from error


def _pack_polygons(entry: dict[str, Any]) -> dict[str, Any]:
    """Polygons as arrays: a fraction of the memory, which counts for 860 000 annotations."""
    polygons = entry.get("segmentation")
    if isinstance(polygons, list):
        entry["segmentation"] = [np.asarray(polygon, np.float64) for polygon in polygons]
    return entry


def _image(entry: dict[str, Any]) -> CocoImage:
    return CocoImage(
        image_id=int(entry["id"]),
        height_px=int(entry["height"]),
        width_px=int(entry["width"]),
        license_id=int(entry.get("license", 0)),
    )


def _annotations(content: dict[str, Any]) -> dict[int, tuple[CocoAnnotation, ...]]:
    names = {int(entry["id"]): str(entry["name"]) for entry in content["categories"]}
    by_image: dict[int, list[CocoAnnotation]] = defaultdict(list)
    for entry in content["annotations"]:
        by_image[int(entry["image_id"])].append(
            CocoAnnotation(
                annotation_id=int(entry["id"]),
                category=names[int(entry["category_id"])],
                is_crowd=bool(entry["iscrowd"]),
                segmentation=entry["segmentation"],
            )
        )
    return {image_id: tuple(found) for image_id, found in by_image.items()}


def _license(entry: dict[str, Any]) -> str:
    url = str(entry.get("url", "")).replace("\\/", "/")
    return f"{entry['name']} ({url})" if url else str(entry["name"])
