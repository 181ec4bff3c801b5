"""What Dagster shows of the labels of a partition: counts, shares, histograms."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from assets.filtering.report import condition_of
from assets.gallery.page import gallery_page
from assets.gallery.sheet import partition_sheet
from assets.labelling.checks import Committed
from assets.metadata import integers, origin
from assets.object_bank.pictures import encode_picture, inline_picture
from assets.partitions import ScenePartition
from assets.tables import histogram_table, quarantine_table
from storage.manifests.pointers import ManifestVersion
from storage.store import Store

_NOTHING = "none: nothing is labelled"


def describe_labels(version: ManifestVersion, found: Committed) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization."""
    return {
        **_numbers(found),
        "object_classes": histogram_table(
            (name for row in found.labels for name in row.object_class_names), empty=_NOTHING
        ),
        "conditions": histogram_table(map(condition_of, found.labels), empty=_NOTHING),
        "quarantine": quarantine_table(found.bad, empty="empty: every chosen picture is labelled"),
        **origin(version),
    }


def show_scenes(
    store: Store, data_root: Path, partition: ScenePartition
) -> dict[str, dg.MetadataValue]:
    """Contact sheet and page of a partition, written where people can open them."""
    name = f"labelled_scenes/{partition.round}/{partition.city}"
    sheet = partition_sheet(store, data_root, partition)
    page = gallery_page(store, data_root, [partition])
    return {
        "contact_sheet": inline_picture(sheet, "photograph, layout, picture, object, label"),
        "contact_sheet_file": dg.MetadataValue.path(
            str(store.write_report(f"{name}.png", encode_picture(sheet)))
        ),
        "page": dg.MetadataValue.path(str(store.write_report(f"{name}.html", page))),
        "review": dg.MetadataValue.text(f"multishift gallery --round {partition.round}"),
        "lineage": dg.MetadataValue.text(
            f"multishift lineage labelled_scenes/{partition.round}/FRAME/VARIANT"
        ),
    }


def _numbers(found: Committed) -> dict[str, dg.MetadataValue]:
    counts = {
        "dagster/partition_row_count": len(found.labels),
        "labelled_scenes": len(found.labels),
        "quarantined": len(found.bad),
    }
    return {
        **integers(counts),
        "ood_frac": dg.MetadataValue.float(_share([r.n_ood_px for r in found.labels], found)),
        "void_frac": dg.MetadataValue.float(_share([r.n_void_px for r in found.labels], found)),
    }


def _share(n_pixels: Sequence[int], found: Committed) -> float:
    """Share of all pixels of all labels."""
    return sum(n_pixels) / max(1, sum(row.height_px * row.width_px for row in found.labels))
