"""What Dagster shows of the requests of a partition: counts, histograms, pictures."""

from collections import Counter
from collections.abc import Iterable, Sequence

import dagster as dg

from assets.metadata import integers, origin
from assets.object_bank.pictures import encode_picture, inline_picture
from assets.scenes.order import SceneOrder
from assets.scenes.pictures import requests_sheet
from assets.tables import histogram_table, quarantine_table
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import SceneRequest
from storage.store import Store

_NOTHING = "none: no scene is requested"


def sheet_name(order: SceneOrder) -> str:
    """Report file of a partition's contact sheet, below the store's `reports`."""
    return f"scene_requests/{order.partition.round}/{order.partition.city}.png"


def describe_requests(
    version: ManifestVersion, store: Store, order: SceneOrder
) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization; also writes the contact sheet where people can open it."""
    requests = to_records(store.manifests.rows(version, "scene_requests"), SceneRequest)
    bad = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
    scenes = [row for row in requests if row.reason is None]
    wanted = _wanted(scenes)
    return {
        **_numbers(requests, bad),
        **_sheet(requests, store, order),
        "conditions": histogram_table(map(_condition, wanted), empty=_NOTHING),
        "places": histogram_table((row.place or "plain" for row in wanted), empty=_NOTHING),
        "object_classes": histogram_table(
            (name for row in scenes for name in row.object_class_names), empty=_NOTHING
        ),
        "quarantine": quarantine_table(bad, empty="empty: every frame could be read"),
        **origin(version),
    }


def _condition(row: SceneRequest) -> str:
    return f"{row.weather} {row.time}" if row.time else "plain"


def _wanted(scenes: Iterable[SceneRequest]) -> list[SceneRequest]:
    """The first request of every scene: all attempts at a scene share its condition."""
    first: dict[tuple[str, int], SceneRequest] = {}
    for row in scenes:
        first.setdefault((row.frame_id, row.variant), row)
    return list(first.values())


def _numbers(
    requests: Sequence[SceneRequest], bad: Sequence[Quarantined]
) -> dict[str, dg.MetadataValue]:
    scenes = [row for row in requests if row.reason is None]
    hidden = [share for row in scenes for share in row.object_not_ground_fracs]
    counts = {
        "dagster/partition_row_count": len(requests),
        "frames": len({row.frame_id for row in requests}),
        "frames_with_scenes": len({row.frame_id for row in scenes}),
        "scenes": len({(row.frame_id, row.variant) for row in scenes}),
        "attempts": len(scenes),
        "night_scenes": sum(row.time == "night" for row in _wanted(scenes)),
        "plain_scenes": sum(row.place is None for row in _wanted(scenes)),
        "quarantined": len(bad),
        **Counter(row.reason for row in requests if row.reason),
    }
    return {
        **integers(counts),
        "mean_not_ground_frac": dg.MetadataValue.float(sum(hidden) / max(1, len(hidden))),
    }


def _sheet(
    requests: Sequence[SceneRequest], store: Store, order: SceneOrder
) -> dict[str, dg.MetadataValue]:
    frames = {item.frame.frame_id: item.frame for item in order.items}
    part = order.partition
    title = f"Scene requests: {part.city}, {part.round}, an attempt a tile, photo over layout"
    sheet = requests_sheet(requests, frames, order.data_root, title=title)
    path = store.write_report(sheet_name(order), encode_picture(sheet))
    return {
        "contact_sheet": inline_picture(sheet, "photos and layouts with the objects pasted"),
        "contact_sheet_file": dg.MetadataValue.path(str(path)),
    }
