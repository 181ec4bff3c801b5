"""What Dagster shows of a version of the bank: counts, pictures, tables, provenance."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from assets.object_bank.pictures import bank_histogram, bank_sheet, encode_picture, inline_picture
from assets.sources import ABSENT
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import ClassCount, OodObject, Quarantined
from storage.store import Store

SHEET = "ood_objects/contact_sheet.png"
"""Report file of the bank's contact sheet, below the store's `reports`."""

MAX_TABLE_ROWS = 100


def describe_bank(version: ManifestVersion, store: Store) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization; also writes the contact sheet where people can open it."""
    objects = to_records(store.manifests.rows(version, "ood_objects"), OodObject)
    counts = to_records(store.manifests.rows(version, "class_counts"), ClassCount)
    bad = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
    return {
        **_numbers(objects, counts, bad),
        **_pictures(objects, counts, store),
        "sources_absent": dg.MetadataValue.text(_absent_sources(version)),
        "classes": _class_table(counts),
        "quarantine": _quarantine_table(bad),
        "manifest_version": dg.MetadataValue.int(version.version),
        "fingerprint": dg.MetadataValue.text(version.fingerprint),
        "provenance": dg.MetadataValue.json(dict(version.provenance)),
    }


def _absent_sources(version: ManifestVersion) -> str:
    named = version.provenance.items()
    absent = [key.removeprefix("source/") for key, value in named if value == ABSENT]
    return ", ".join(absent) or "none"


def _numbers(
    objects: Sequence[OodObject], counts: Sequence[ClassCount], bad: Sequence[Quarantined]
) -> dict[str, dg.MetadataValue]:
    by_verdict = Counter(row.verdict if row.reason is None else row.reason for row in objects)
    absent = [row.class_name for row in counts if row.is_absent]
    return {
        "dagster/row_count": dg.MetadataValue.int(len(objects)),
        **{name: dg.MetadataValue.int(count) for name, count in sorted(by_verdict.items())},
        "quarantined": dg.MetadataValue.int(len(bad)),
        "classes_present": dg.MetadataValue.int(len(counts) - len(absent)),
        "classes_absent": dg.MetadataValue.text(", ".join(absent) or "none"),
    }


def _pictures(
    objects: Sequence[OodObject], counts: Sequence[ClassCount], store: Store
) -> dict[str, dg.MetadataValue]:
    sheet = bank_sheet(objects, counts, store.blobs)
    path = store.write_report(SHEET, encode_picture(sheet))
    return {
        "contact_sheet": inline_picture(sheet, "crops of the object bank, a line a class"),
        "contact_sheet_file": dg.MetadataValue.path(str(path)),
        "class_histogram": inline_picture(bank_histogram(counts), "objects by class"),
    }


def _class_table(counts: Sequence[ClassCount]) -> dg.MetadataValue:
    present = (row for row in counts if not row.is_absent)
    ordered = sorted(present, key=lambda row: (-row.n_kept, -row.n_rejected, row.class_name))
    if not ordered:
        return dg.MetadataValue.text("none: no source holds an object of the list")
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "class": row.class_name,
                    "ADE20K-150 id": row.class_id,
                    "kept": row.n_kept,
                    "rejected": row.n_rejected,
                }
            )
            for row in ordered[:MAX_TABLE_ROWS]
        ]
    )


def _quarantine_table(bad: Sequence[Quarantined]) -> dg.MetadataValue:
    if not bad:
        return dg.MetadataValue.text("empty: every source image could be read")
    return dg.MetadataValue.table(
        [
            dg.TableRecord({"item": row.item, "status": row.status, "reason": row.reason})
            for row in bad[:MAX_TABLE_ROWS]
        ]
    )
