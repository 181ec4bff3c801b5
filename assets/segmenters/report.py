"""What Dagster shows of a training: scores, loss, and the curve as a picture."""

import json

import dagster as dg

from assets.metadata import integers, origin
from assets.object_bank.pictures import inline_picture
from assets.segmenters.committing import Rows
from models.plots import step_curves
from storage.manifests.pointers import ManifestVersion
from storage.store import Store
from storage.training_records import SegmenterCheckpoint


def describe_training(
    version: ManifestVersion, rows: Rows, store: Store
) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization, of the training that the rows are of."""
    best = next(row for row in rows.checkpoints if row.is_best)
    last = next(row for row in rows.checkpoints if row.is_last)
    counts = {
        "dagster/partition_row_count": len(rows.checkpoints),
        "steps": last.step,
        "epochs": last.epoch + 1,
        "pairs": last.n_pairs,
        "held_out_frames": len(last.held_out_frame_ids),
    }
    return {
        **integers(counts),
        "architecture": dg.MetadataValue.text(best.architecture),
        **_scores("best", best, store),
        **_scores("last", last, store),
        "configuration": dg.MetadataValue.json(json.loads(best.configuration)),
        **_curves(rows, best.architecture),
        "training": dg.MetadataValue.text(best.training),
        **origin(version),
    }


def _scores(name: str, row: SegmenterCheckpoint, store: Store) -> dict[str, dg.MetadataValue]:
    return {
        f"{name}_average_precision": dg.MetadataValue.float(row.average_precision),
        f"{name}_mean_iou": dg.MetadataValue.float(row.mean_iou),
        f"{name}_step": dg.MetadataValue.int(row.step),
        f"{name}_checkpoint": dg.MetadataValue.path(str(store.blobs.path(row.checkpoint_sha256))),
    }


def _curves(rows: Rows, architecture: str) -> dict[str, dg.MetadataValue]:
    if not rows.steps:
        return {}
    last = rows.steps[-1]
    picture = step_curves(rows.curves, title=f"{architecture}, {last.step} steps")
    return {
        "loss": dg.MetadataValue.float(last.loss),
        "curve": inline_picture(picture, "loss of the logged steps, scores on held-out frames"),
    }
