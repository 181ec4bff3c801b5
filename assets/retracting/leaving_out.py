"""How the bank leaves out what is retracted, so that all other scenes stay as they are.

Draws depend on how many objects there are. So a retracted object keeps its place, without its crop,
mask and picture: attempts that draw it are left out, and no other attempt changes.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assets.retracting.sources import Retracted
from storage.records import OodObject
from storage.rle import encode_mask

REASON = "retracted"


def leave_out_objects(rows: Sequence[OodObject], retracted: Retracted) -> list[OodObject]:
    """The rows; one that is retracted is emptied, and rejected for that if it was kept.

    So is its double, which shows the same under another name.
    """
    gone = {row.object_id for row in rows if retracted.has_object(row.object_id)}
    looks = {_look(row) for row in rows if row.object_id in gone} - {None}
    return [_emptied(row) if row.object_id in gone or _look(row) in looks else row for row in rows]


def _look(row: OodObject) -> tuple[int, str] | None:
    return (row.class_id, row.appearance_hash) if row.appearance_hash else None


def is_emptied(row: OodObject) -> bool:
    """Whether nothing but the place of an object is left."""
    return not row.source_sha256


def keeps_place(row: OodObject) -> bool:
    """Whether an object is drawn from: it is kept, or stands where a kept one was."""
    return row.verdict == "kept" or row.reason == REASON


def _emptied(row: OodObject) -> OodObject:
    nothing = encode_mask(np.zeros((row.image_height_px, row.image_width_px), bool))
    return replace(
        row,
        source_sha256="",
        mask_rle=nothing,
        crop_sha256=None,
        appearance_hash=None,
        verdict="rejected",
        reason=REASON if row.verdict == "kept" else row.reason,
    )
