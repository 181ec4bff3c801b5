"""What people want to see of scene requests: photos and layouts with the objects on them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from models.contact_sheet import SheetStyle, contact_sheet
from models.scenes import PastedObject, scene_layout
from storage.datasets.label_ids import read_label_ids
from storage.images import read_image
from storage.records import Frame
from storage.rle import decode_mask
from storage.scene_records import SceneRequest

FRAMES_SHOWN = 6
ATTEMPTS_SHOWN = 5
_STYLE = SheetStyle(tile_px=224, caption_px=250)
_PICTURE_WIDTH = 440


def requests_sheet(
    requests: Sequence[SceneRequest], frames: dict[str, Frame], root: Path, *, title: str
) -> UInt8[np.ndarray, "height width 3"]:
    """Contact sheet: a line a frame, a tile an attempt of its first scene, photo over layout.

    The objects are drawn on the photo in the colors that they have in the layout.
    """
    shown: dict[str, list[SceneRequest]] = {}
    for row in requests:
        if row.reason is None and row.variant == 0:
            shown.setdefault(row.frame_id, []).append(row)
    chosen = dict(list(shown.items())[:FRAMES_SHOWN])
    lines = {
        name: _tiles(rows[:ATTEMPTS_SHOWN], frames[name], root) for name, rows in chosen.items()
    }
    notes = {name: _note(rows[0]) for name, rows in chosen.items()}
    return contact_sheet(lines or {"no scene": []}, title=title, notes=notes, style=_STYLE)


def _note(row: SceneRequest) -> str:
    return f"{row.weather} {row.time}, {row.place}" if row.place else "plain template"


def _tiles(
    rows: Sequence[SceneRequest], frame: Frame, root: Path
) -> list[UInt8[np.ndarray, "_ _ 4"]]:
    photo, label_ids = read_image(root / frame.image), read_label_ids(root, frame)
    return [_tile(row, photo, label_ids) for row in rows]


def _tile(
    row: SceneRequest,
    photo: UInt8[np.ndarray, "height width 3"],
    label_ids: UInt8[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "tile_height tile_width 4"]:
    objects = [
        PastedObject(
            mask=decode_mask(rle, height_px=row.height_px, width_px=row.width_px),
            class_id=class_id,
        )
        for rle, class_id in zip(row.object_mask_rles, row.object_class_ids, strict=True)
    ]
    layout, is_ood = scene_layout(label_ids, objects)
    stacked = np.concatenate([_small(_with_objects(photo, layout, is_ood)), _small(layout)])
    opaque = np.full((*stacked.shape[:2], 1), 255, np.uint8)
    return np.concatenate([stacked, opaque], axis=2)


def _with_objects(
    photo: UInt8[np.ndarray, "height width 3"],
    layout: UInt8[np.ndarray, "height width 3"],
    is_ood: Bool[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width 3"]:
    return np.where(is_ood[..., None], layout, photo)


def _small(
    picture: UInt8[np.ndarray, "height width 3"],
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    height, width = picture.shape[:2]
    size = (_PICTURE_WIDTH, max(1, round(height * _PICTURE_WIDTH / width)))
    way = cv2.INTER_AREA if width > _PICTURE_WIDTH else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)
