"""A COCO split written as the release holds it: photos and one instances JSON."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, UInt8
from pycocotools import mask as coco_mask
from upath import UPath

from storage.atomic import write_atomically
from storage.datasets.coco import SPLITS
from storage.images import write_photo
from storage.label_space import read_table
from storage.rle import encode_mask

_DATE = "2000-01-01 00:00:00"
"""A constant, so that equal scenes give equal files."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnAnnotation:
    """One object to write: a COCO category by name, and its mask at the size of the image."""

    category: str
    mask: Bool[np.ndarray, "height width"]
    is_crowd: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnImage:
    """One photo to write, RGB, with its objects."""

    image_id: int
    image: UInt8[np.ndarray, "height width 3"]
    annotations: tuple[DrawnAnnotation, ...]


def write_coco(
    folder: Path, *, split: str, images: Iterable[DrawnImage], license_name: str, license_url: str
) -> None:
    """Write the photos of a split, one at a time, and then its instances JSON.

    Masks come back exactly: an outline that polygons cannot hold (one with holes) is stored as RLE.

    Raises:
        ValueError: if the split or a category is unknown, or a mask is empty or of another size.
    """
    if split not in SPLITS:
        raise ValueError(f"need a split of {tuple(SPLITS)}, got {split!r}")
    entries: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for drawn in images:
        name = f"{drawn.image_id:012d}.jpg"
        annotations += _annotation_entries(drawn, first_id=len(annotations) + 1)
        write_photo(folder / SPLITS[split] / name, drawn.image)
        entries.append(_image_entry(drawn, name))
    content = {
        "images": entries,
        "annotations": annotations,
        "categories": _categories(),
        "type": "instances",
        "info": {
            "description": "Rendered scenes in the layout of COCO 2017.",
            "url": license_url,
            "version": "1.0",
            "year": 2000,
            "contributor": "multishift",
            "date_created": _DATE,
        },
        "licenses": [{"url": license_url, "id": 1, "name": license_name}],
    }
    path = folder / "annotations" / f"instances_{SPLITS[split]}.json"
    write_atomically(UPath(path), json.dumps(content, separators=(",", ":")).encode())


def _image_entry(drawn: DrawnImage, name: str) -> dict[str, Any]:
    return {
        "license": 1,
        "file_name": name,
        "coco_url": "",
        "height": drawn.image.shape[0],
        "width": drawn.image.shape[1],
        "date_captured": _DATE,
        "flickr_url": "",
        "id": drawn.image_id,
    }


def _categories() -> list[dict[str, Any]]:
    return [
        {
            "supercategory": row["supercategory"],
            "id": int(row["category_id"]),
            "name": row["coco_name"],
        }
        for row in read_table("coco_to_ade20k_150")
    ]


def _annotation_entries(drawn: DrawnImage, *, first_id: int) -> list[dict[str, Any]]:
    ids = {row["name"]: row["id"] for row in _categories()}
    entries = []
    for number, annotation in enumerate(drawn.annotations, start=first_id):
        mask = annotation.mask
        if annotation.category not in ids or mask.shape != drawn.image.shape[:2] or not mask.any():
            raise ValueError(
                f"need a COCO category and a mask of {drawn.image.shape[:2]} with pixels, got "
                f"{annotation.category!r}, {mask.shape}, {int(mask.sum())} pixels"
            )
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        left, top = int(columns[0]), int(rows[0])
        entries.append(
            {
                "segmentation": _segmentation(mask, is_crowd=annotation.is_crowd),
                "area": float(mask.sum()),
                "iscrowd": int(annotation.is_crowd),
                "image_id": drawn.image_id,
                "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
                "category_id": ids[annotation.category],
                "id": number,
            }
        )
    return entries


def _segmentation(
    mask: Bool[np.ndarray, "height width"], *, is_crowd: bool
) -> list[list[float]] | dict[str, list[int]]:
    """Polygons along the pixel edges; RLE for crowds and where polygons cannot hold the mask."""
    if not is_crowd:
        polygons = [polygon for polygon in _outlines(mask) if len(polygon) > 4]
        runs = coco_mask.frPyObjects(polygons, *mask.shape)
        if coco_mask.merge(runs)["counts"] == encode_mask(mask):
            return polygons
    padded = np.concatenate([[False], mask.ravel(order="F"), [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    counts = np.diff(edges, prepend=0, append=mask.size)
    return {"counts": counts.tolist(), "size": list(mask.shape)}


def _outlines(mask: Bool[np.ndarray, "height width"]) -> list[list[float]]:
    """Closed walks along the pixel edges, ``x1, y1, x2, y2, ...``, the object on the right hand."""
    ways: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for start, end in _edges(mask):
        ways.setdefault(start, []).append(end)
    outlines = []
    while ways:
        corner = first = next(iter(ways))
        walk: list[float] = []
        while True:
            walk += map(float, corner)
            following = ways[corner].pop()
            if not ways[corner]:
                del ways[corner]
            corner = following
            if corner == first:
                break
        outlines.append(_without_midpoints(walk))
    return outlines


def _edges(
    mask: Bool[np.ndarray, "height width"],
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Directed unit edges ``(x, y) -> (x, y)`` between object and background."""
    framed = np.pad(mask, 1)
    inside, edges = framed[1:-1, 1:-1], []
    for is_edge, start, end in (
        (inside & ~framed[:-2, 1:-1], (0, 0), (1, 0)),
        (inside & ~framed[1:-1, 2:], (1, 0), (1, 1)),
        (inside & ~framed[2:, 1:-1], (1, 1), (0, 1)),
        (inside & ~framed[1:-1, :-2], (0, 1), (0, 0)),
    ):
        points: Int[np.ndarray, "edges 2"] = np.argwhere(is_edge)[:, ::-1]
        edges += list(
            zip(map(tuple, (points + start).tolist()), map(tuple, (points + end).tolist()),
                strict=True)
        )  # fmt: skip
    return edges


def _without_midpoints(walk: list[float]) -> list[float]:
    corners = np.array(walk).reshape(-1, 2)
    ahead, behind = np.roll(corners, -1, axis=0) - corners, corners - np.roll(corners, 1, axis=0)
    kept: list[float] = corners[(ahead != behind).any(axis=1)].ravel().tolist()
    return kept
