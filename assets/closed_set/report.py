"""What Dagster shows of a training on the known classes: mIoU, every class, the curve."""

import json

import dagster as dg

from assets.closed_set.committing import ClosedSetRows
from assets.metadata import integers, origin
from assets.object_bank.pictures import inline_picture
from models.plots import step_curves
from storage.manifests.pointers import ManifestVersion
from storage.store import Store


def describe_closed_set(
    version: ManifestVersion, rows: ClosedSetRows, store: Store
) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization."""
    row = rows.checkpoint
    counts = {
        "frames": row.n_frames,
        "held_out_frames": len(row.held_out_frame_ids),
        "steps": row.n_steps,
    }
    return {
        **integers(counts),
        "architecture": dg.MetadataValue.text(row.architecture),
        "mean_iou": dg.MetadataValue.float(row.mean_iou),
        "class_iou": _class_table(rows),
        "checkpoint": dg.MetadataValue.path(str(store.blobs.path(row.checkpoint_sha256))),
        "configuration": dg.MetadataValue.json(json.loads(row.configuration)),
        "curve": _curve(rows),
        "training": dg.MetadataValue.text(row.training),
        **origin(version),
    }


def _class_table(rows: ClosedSetRows) -> dg.MetadataValue:
    named = zip(rows.checkpoint.class_names, rows.checkpoint.class_ious, strict=True)
    return dg.MetadataValue.table(
        [dg.TableRecord({"class": name, "iou": round(iou, 4)}) for name, iou in named]
    )


def _curve(rows: ClosedSetRows) -> dg.MetadataValue:
    scored = [step for step in rows.steps if step.mean_iou is not None]
    curves = {
        "loss": ([step.step for step in rows.steps], [step.loss for step in rows.steps]),
        "mIoU": ([step.step for step in scored], [step.mean_iou or 0.0 for step in scored]),
    }
    picture = step_curves(curves, title=f"{rows.checkpoint.architecture}, known classes")
    return inline_picture(picture, "loss of the epochs, mIoU of the held-out frames")
