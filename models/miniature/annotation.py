"""Labels, instances and object masks of a canvas, at the final size.

A final pixel means what most of its four canvas pixels show; on a tie, the first of them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int32, Int64, UInt8

from models.miniature import labels
from models.miniature.camera import SUPERSAMPLING, Camera
from models.miniature.canvas import Canvas, covered_px, look_up

PART_MIN_PX = 4


@dataclass(frozen=True, eq=False)
class PlacedObject:
    """An OOD object in a picture: its visible pixels and those of its named parts.

    It is occluded where something stands before it, and cropped where it meets the border.
    """

    kind: str
    mask: Bool[np.ndarray, "height width"]
    parts: tuple[tuple[str, Bool[np.ndarray, "height width"]], ...]
    is_occluded: bool
    is_cropped: bool


@dataclass(frozen=True, eq=False)
class Annotation:
    """The meaning of every final pixel; item -1 is the empty background."""

    label_ids: UInt8[np.ndarray, "height width"]
    instance_ids: Int32[np.ndarray, "height width"]
    item_ids: Int64[np.ndarray, "height width"]
    face_ids: Int64[np.ndarray, "height width"]


def annotate(canvas: Canvas) -> Annotation:
    """Labels and instances; instances are numbered by class in the order of the items."""
    face_ids = _majority_faces(canvas)
    item_ids = canvas.faces.items[face_ids]
    item_labels = np.array([*(item.label for item in canvas.items), labels.SKY])
    instances = item_labels.copy()
    is_seen = np.zeros(len(item_labels), dtype=np.bool_)
    is_seen[item_ids] = True  # item -1 is the last one here, as it is in the labels
    for label in labels.WITH_INSTANCES:
        members = np.flatnonzero((item_labels == label) & is_seen)
        instances[members] = label * 1000 + np.arange(len(members))
    return Annotation(
        label_ids=item_labels[item_ids].astype(np.uint8),
        instance_ids=instances[item_ids].astype(np.int32),
        item_ids=item_ids,
        face_ids=face_ids,
    )


def _majority_faces(canvas: Canvas) -> np.ndarray:
    """For each final pixel a face of the item that most of its canvas pixels show."""
    owners = look_up(canvas.faces.items, canvas.face_ids)
    a, b, c, d = _quarters(owners.astype(np.int16))  # small numbers are compared faster
    face_a, face_b, face_c, _ = _quarters(canvas.face_ids)
    first_wins = (a == b) | (a == c) | (a == d)
    second_wins = (b == c) | (b == d)
    others = np.where(second_wins, face_b, np.where(c == d, face_c, face_a))
    return np.where(first_wins, face_a, others)


def _quarters(canvas_map: np.ndarray) -> list[np.ndarray]:
    """The four canvas pixels of every final pixel, each as a map of the final size."""
    n = SUPERSAMPLING
    return [canvas_map[y::n, x::n] for y in range(n) for x in range(n)]


def placed_objects(
    canvas: Canvas, notes: Annotation, camera: Camera, kinds: tuple[str, ...]
) -> tuple[PlacedObject, ...]:
    """The OOD objects of a canvas, in the order of `kinds`."""
    by_index = {
        item.object_index: k for k, item in enumerate(canvas.items) if item.object_index >= 0
    }
    return tuple(_placed(canvas, notes, camera, by_index[k], kind) for k, kind in enumerate(kinds))


def _placed(
    canvas: Canvas, notes: Annotation, camera: Camera, item: int, kind: str
) -> PlacedObject:
    mask = notes.item_ids == item
    part_ids = np.where(mask, canvas.faces.parts[notes.face_ids], 0)
    names = canvas.items[item].mesh.parts
    sizes = np.bincount(part_ids.ravel(), minlength=len(names))
    parts = tuple(
        (name, part_ids == k) for k, name in enumerate(names) if name and sizes[k] >= PART_MIN_PX
    )
    whole = covered_px(canvas.items[item], camera)
    seen = np.count_nonzero(look_up(canvas.faces.items, canvas.face_ids) == item)
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return PlacedObject(kind, mask, parts, bool(seen < 0.97 * whole), bool(border.any()))
