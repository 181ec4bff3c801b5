"""Contact sheet of a partition: attempts from photograph to label, with their verdicts."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from assets.gallery.choosing import evenly
from assets.gallery.counts import count_scenes, reason_of
from assets.gallery.pictures import Pictures
from assets.gallery.rows import DrawnAttempt, DrawnScene, PartitionRows, read_partition
from assets.gallery.words import condition_text, objects_text, scores_text, share_text
from assets.partitions import ScenePartition
from models.scene_sheet import SceneSheetStyle, SceneTiles, scene_sheet
from storage.store import Store

LINES_SHOWN = 14


def partition_sheet(
    store: Store,
    data_root: Path | None,
    partition: ScenePartition,
    *,
    n_lines: int = LINES_SHOWN,
) -> UInt8[np.ndarray, "height width 3"]:
    """Lines of whole scenes, all attempts of each, picked evenly from the partition.

    It shows what the latest versions hold: verdicts and labels where there are some. Photographs
    are left out where ``data_root`` is None or lacks them.

    Raises:
        DamagedPartError: if rows are missing, cut off or altered.
    """
    rows = read_partition(store, partition)
    style = SceneSheetStyle()
    pictures = Pictures(store.blobs, data_root, 2 * style.tile_width_px)
    shown = [item for scene in _chosen(rows, n_lines) for item in scene.attempts][:n_lines]
    lines = [scene_tiles(item, pictures) for item in shown]
    return scene_sheet(lines, title=_title(rows, len(lines)), style=style)


def scene_tiles(item: DrawnAttempt, pictures: Pictures) -> SceneTiles:
    """The line of one attempt."""
    row = item.attempt
    return SceneTiles(
        title=f"{row.frame_id}\nscene {row.variant}, attempt {row.attempt}",
        condition=f"{condition_text(item)}: {objects_text(item)}",
        verdict=None if item.verdict is None else item.verdict.verdict,
        reason=reason_of(item),
        scores=scores_text(item),
        photograph=pictures.photograph(item),
        layout=pictures.layout(item),
        picture=pictures.picture(item),
        found=pictures.found(item),
        label=pictures.label(item),
    )


def _chosen(rows: PartitionRows, n_lines: int) -> list[DrawnScene]:
    """Scenes whose attempts fill the lines, in the order of the partition."""
    taken: list[DrawnScene] = []
    for scene in evenly(rows.scenes):
        if sum(len(former.attempts) for former in taken) >= n_lines:
            break
        taken.append(scene)
    return sorted(taken, key=lambda scene: scene.name)


def _title(rows: PartitionRows, n_lines: int) -> str:
    counts = count_scenes([rows])
    share = share_text(counts.attempts.acceptance)
    return (
        f"Generated scenes: {rows.partition.city}, {rows.partition.round}, {n_lines} of "
        f"{counts.attempts.total} attempts, {share} accepted"
    )
