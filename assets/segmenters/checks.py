"""Blocking checks of trained segmenters, answered from rows and from the weights themselves."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg
import numpy as np

from assets.answers import answer, check_specs
from assets.segmenters.committing import Rows
from assets.segmenters.names import ASSET
from storage.blobs import BlobStore
from storage.training_records import SegmenterCheckpoint


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a training left, and where its weights are."""

    rows: Rows
    blobs: BlobStore

    @cached_property
    def troubles(self) -> tuple["Trouble", ...]:
        """What is wrong with the weights of each checkpoint, of which each is read once."""
        return tuple(_trouble(row, self.blobs) for row in self.rows.checkpoints)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong with a checkpoint, in a line each; empty where nothing is.

    Attributes:
        infinite: weights that are infinite or no number.
        unloadable: why it becomes no network.
    """

    infinite: str = ""
    unloadable: str = ""


def check_finite(found: Found) -> dg.AssetCheckResult:
    """No weight is infinite or no number."""
    problems = [trouble.infinite for trouble in found.troubles if trouble.infinite]
    return answer(ASSET, "weights_finite", problems, {"checkpoints": len(found.rows.checkpoints)})


def check_loads(found: Found) -> dg.AssetCheckResult:
    """Every checkpoint becomes a network of its architecture."""
    problems = [trouble.unloadable for trouble in found.troubles if trouble.unloadable]
    return answer(ASSET, "checkpoint_loads", problems, {"checkpoints": len(found.rows.checkpoints)})


def check_scored(found: Found) -> dg.AssetCheckResult:
    """There is one best and one last checkpoint, each with a selection score in [0, 1]."""
    rows = found.rows.checkpoints
    problems = [
        f"need one {name} checkpoint, got {count}"
        for name, count in (("best", _count(rows, "is_best")), ("last", _count(rows, "is_last")))
        if count != 1
    ]
    problems += [
        f"step {row.step}: AP {row.average_precision}, mIoU {row.mean_iou}"
        for row in rows
        if not (0 <= row.average_precision <= 1 and 0 <= row.mean_iou <= 1)
    ]
    n_scores = sum(step.average_precision is not None for step in found.rows.steps)
    return answer(ASSET, "selection_score_present", problems, {"scores": n_scores})


QUESTIONS: dict[str, Callable[[Found], dg.AssetCheckResult]] = {
    "weights_finite": check_finite,
    "checkpoint_loads": check_loads,
    "selection_score_present": check_scored,
}

CHECK_SPECS = check_specs(ASSET, QUESTIONS)
"""Answered by the asset itself: a separate check would not know which partition to read."""


def answer_all(found: Found) -> list[dg.AssetCheckResult]:
    """One answer to each question about the checkpoints of a training."""
    return [question(found) for question in QUESTIONS.values()]


def _count(rows: tuple[SegmenterCheckpoint, ...], name: str) -> int:
    return sum(bool(getattr(row, name)) for row in rows)


def _trouble(row: SegmenterCheckpoint, blobs: BlobStore) -> Trouble:
    try:
        content = blobs.get(row.checkpoint_sha256)
    except (OSError, ValueError) as error:
        return Trouble(infinite=f"step {row.step}: {error}", unloadable=f"step {row.step}: {error}")
    found = {"infinite": _infinite(content), "unloadable": _unloadable(content, row.architecture)}
    return Trouble(**{kind: f"step {row.step}: {fact}" for kind, fact in found.items() if fact})


def _infinite(content: bytes) -> str:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
    except (ValueError, SafetensorError) as error:
        return str(error)
    names = [name for name, tensor in tensors.items() if not np.isfinite(tensor).all()]
    return f"{', '.join(names[:3])} not finite" if names else ""


def _unloadable(content: bytes, architecture: str) -> str:
    from models.segmentation import load_segmenter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        try:
            path.write_bytes(content)
            load_segmenter(architecture, path)
        except (OSError, ValueError) as error:
            return str(error)
    return ""
