"""What Dagster shows of an imported set: counts, histograms, pictures, what could not be read."""

from collections.abc import Sequence

import dagster as dg
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from assets.importing.scenes import TABLE
from assets.metadata import integers, origin
from assets.object_bank.pictures import encode_picture, inline_picture
from assets.tables import histogram_table, quarantine_table
from models.contact_sheet import SheetStyle, contact_sheet
from models.label_colors import overlay
from storage.blobs import BlobStore
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import LabelledScene
from storage.store import Store

CONDITIONS_SHOWN = 8
SCENES_SHOWN = 4

_PLAIN = "plain template"
_NOTHING = "none: no scene was imported"
_STYLE = SheetStyle(tile_px=224)


def sheet_name(name: str) -> str:
    """Report file of the contact sheet of a set, below the store's `reports`."""
    return f"imported_scenes/{name}.png"


def describe_set(version: ManifestVersion, store: Store) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization; also writes the contact sheet where people can open it."""
    rows = to_records(store.manifests.rows(version, TABLE), LabelledScene)
    bad = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
    sheet = set_sheet(rows, store.blobs, title=f"Imported: {version.partition}")
    path = store.write_report(sheet_name(version.partition), encode_picture(sheet))
    counts = {
        "dagster/partition_row_count": len(rows),
        "frames": len({row.frame_id for row in rows}),
        "quarantined": len(bad),
    }
    return {
        **integers(counts),
        "contact_sheet": inline_picture(sheet, "imported scenes, a line a condition"),
        "contact_sheet_file": dg.MetadataValue.path(str(path)),
        "conditions": histogram_table(map(condition, rows), empty=_NOTHING),
        "object_classes": histogram_table(
            (name for row in rows for name in row.object_class_names), empty=_NOTHING
        ),
        "quarantine": quarantine_table(bad, empty="empty: every scene could be read"),
        **origin(version),
    }


def condition(row: LabelledScene) -> str:
    """Weather and time of a scene in words."""
    return f"{row.weather} {row.time}" if row.weather and row.time else _PLAIN


def set_sheet(
    rows: Sequence[LabelledScene], blobs: BlobStore, *, title: str
) -> UInt8[np.ndarray, "height width 3"]:
    """Contact sheet: a line a condition, the label's outlines on the pictures."""
    shown: dict[str, list[LabelledScene]] = {}
    for row in rows:
        shown.setdefault(condition(row), []).append(row)
    often = sorted(shown, key=lambda name: (-len(shown[name]), name))[:CONDITIONS_SHOWN]
    tiles = {name: [_tile(row, blobs) for row in shown[name][:SCENES_SHOWN]] for name in often}
    notes = {name: f"scenes: {len(shown[name])}" for name in often}
    return contact_sheet(tiles or {"no scene": []}, title=title, notes=notes, style=_STYLE)


def _tile(row: LabelledScene, blobs: BlobStore) -> UInt8[np.ndarray, "tile_height tile_width 4"]:
    size = (2 * _STYLE.tile_px, max(1, round(2 * _STYLE.tile_px * row.height_px / row.width_px)))
    picture = Image.fromarray(np.asarray(blobs.get_image(row.image_sha256)))
    label = Image.fromarray(np.asarray(blobs.get_image(row.label_sha256)))
    drawn = overlay(
        np.asarray(picture.resize(size, Image.Resampling.BILINEAR)),
        np.asarray(label.resize(size, Image.Resampling.NEAREST)),
    )
    return np.dstack([drawn, np.full(drawn.shape[:2], 255, np.uint8)])
