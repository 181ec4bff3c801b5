"""The blocking check of a segmenter of the known classes, answered from the weights themselves."""

import tempfile
from pathlib import Path

import dagster as dg

from assets.answers import answer, check_specs
from assets.closed_set.committing import ClosedSetRows
from assets.closed_set.names import ASSET
from storage.blobs import BlobStore


def check_loads(rows: ClosedSetRows, blobs: BlobStore) -> dg.AssetCheckResult:
    """The checkpoint becomes a network of its architecture, with finite weights."""
    from models.segmentation import load_segmenter

    row, problems = rows.checkpoint, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        try:
            path.write_bytes(blobs.get(row.checkpoint_sha256))
            load_segmenter(row.architecture, path)  # refuses what is not finite
        except (OSError, ValueError) as error:
            problems.append(str(error))
    return answer(ASSET, "checkpoint_loads", problems, {"mean_iou": row.mean_iou})


CHECK_SPECS = check_specs(ASSET, {"checkpoint_loads": check_loads})
