"""What Dagster shows of a training set: counts of everything that it mixes, and pictures."""

import dagster as dg

from assets.importing.report import set_sheet
from assets.metadata import integers, origin
from assets.object_bank.pictures import encode_picture, inline_picture
from assets.selecting.checks import Committed
from assets.selecting.order import PairOrder
from assets.selecting.samples import data_version_of
from assets.selecting.selection import PLAIN
from assets.tables import histogram_table, quarantine_table
from storage.manifests.pointers import ManifestVersion
from storage.store import Store
from storage.training_records import TrainingPair

_NOTHING = "none"


def describe_pairs(
    version: ManifestVersion, found: Committed, order: PairOrder, store: Store
) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization; also writes the contact sheet where people can open it."""
    rows = found.rows
    counts = {
        "dagster/partition_row_count": len(rows),
        "frames": len({row.frame_id for row in rows}),
        "quarantined": len(found.bad),
    }
    return {
        **integers(counts),
        "rounds": histogram_table((row.round for row in rows), empty=_NOTHING),
        "cities": histogram_table((row.city for row in rows), empty=_NOTHING),
        "conditions": histogram_table(map(condition, rows), empty=_NOTHING),
        "object_classes": histogram_table(
            (name for row in rows for name in row.object_class_names), empty=_NOTHING
        ),
        "licenses": histogram_table(
            (name for row in rows for name in set(row.licenses)), empty=_NOTHING
        ),
        "steps": _steps_table(order),
        **({"notes": dg.MetadataValue.text("; ".join(order.notes))} if order.notes else {}),
        **_pictures(version, order, store),
        "quarantine": quarantine_table(found.bad, empty="empty: every photograph could be read"),
        "data_version": dg.MetadataValue.text(data_version_of(version)),
        **origin(version),
    }


def condition(row: TrainingPair) -> str:
    """Weather and time of a pair in words."""
    return f"{row.weather or PLAIN} {row.time or ''}".strip()


def sheet_name(name: str) -> str:
    """Report file of the contact sheet of a training set, below the store's `reports`."""
    return f"training_set/{name}.png"


def _steps_table(order: PairOrder) -> dg.MetadataValue:
    return dg.MetadataValue.table(
        [dg.TableRecord({"step": name, "scenes": count}) for name, count in order.steps.items()]
    )


def _pictures(
    version: ManifestVersion, order: PairOrder, store: Store
) -> dict[str, dg.MetadataValue]:
    scenes = [candidate.scene for candidate in order.chosen]
    sheet = set_sheet(scenes, store.blobs, title=f"Training set: {version.partition}")
    path = store.write_report(sheet_name(version.partition), encode_picture(sheet))
    return {
        "contact_sheet": inline_picture(sheet, "chosen scenes, a line a condition"),
        "contact_sheet_file": dg.MetadataValue.path(str(path)),
    }
