"""Which crops of the bank can be pasted into originals; no picture is opened here."""

from storage.manifests.schemas import to_records
from storage.records import OodObject
from storage.store import Store

BANK = "ood_objects"

Crop = tuple[str, str]
"""Name of an object and of the blob of its RGBA crop."""


def kept_crops(store: Store, version: int) -> tuple[Crop, ...]:
    """Every kept object of a version of the bank.

    Raises:
        DamagedPartError: if its rows cannot be read.
    """
    bank = store.manifests.version(BANK, version)
    rows = to_records(store.manifests.rows(bank, BANK), OodObject)
    return tuple(
        (row.object_id, row.crop_sha256)
        for row in rows
        if row.verdict == "kept" and row.crop_sha256 is not None
    )
