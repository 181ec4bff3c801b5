"""How the bank leaves out what is retracted, so that all other scenes stay as they are.

Draws depend on how many objects there are. So a retracted object keeps its place, without its crop,
mask and picture: attempts that draw it are left out, and no other attempt changes. So it is
also where its file is deleted afterwards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from assets.retracting.sources import Retracted
from models.object_bank import find_doubles
from storage.records import OodObject
from storage.rle import encode_mask

REASON = "retracted"


def leave_out_objects(rows: Sequence[OodObject], retracted: Retracted) -> list[OodObject]:
    """The rows; one that is retracted is emptied, and rejected for that if it was kept.

    So is its double, which shows the same under another name.
    """
    named = {row.object_id for row in rows if retracted.has_object(row.object_id)}
    gone = named | find_doubles(rows, named)
    return [_emptied(row) if row.object_id in gone else row for row in rows]


def keep_emptied(rows: Iterable[OodObject], emptied: Iterable[OodObject]) -> list[OodObject]:
    """The rows by id; what was emptied before stays as it was, whether its file is there or not.

    So no other object moves up into the place of one whose file was deleted.
    """
    merged = {row.object_id: row for row in (*rows, *emptied)}
    return [merged[object_id] for object_id in sorted(merged)]


def is_emptied(row: OodObject) -> bool:
    """Whether nothing but the place of an object is left."""
    return not row.source_sha256


def keeps_place(row: OodObject) -> bool:
    """Whether an object is drawn from: it is kept, or stands where a kept one was."""
    return row.verdict == "kept" or row.reason == REASON


def _emptied(row: OodObject) -> OodObject:
    if is_emptied(row):
        return row
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
