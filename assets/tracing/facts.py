"""What a checkpoint says of itself: in its file, or in its row."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from upath import UPath

from assets.segmenters.names import ASSET
from storage.training_records import SegmenterCheckpoint
from storage.weights import read_metadata

METADATA = "multishift"
"""Key of the file's metadata under which `assets.segmenters.weights` writes."""


@dataclass(frozen=True, kw_only=True)
class CheckpointFacts:
    """What was trained on what, as the columns of `SegmenterCheckpoint` have it."""

    training: str
    architecture: str
    step: int
    stage: int
    epoch: int
    average_precision: float
    mean_iou: float
    held_out_frame_ids: tuple[str, ...]
    n_pairs: int
    configuration: Mapping[str, Any]
    n_processes: int
    selection: str
    manifest_version: int
    manifest_fingerprint: str
    rows_fingerprint: str
    initial_sha256: str | None
    objects_version: int | None
    objects_fingerprint: str | None
    code_version: str
    library_versions: tuple[str, ...]


def facts_of_row(row: SegmenterCheckpoint) -> CheckpointFacts:
    """What a row says."""
    wanted = CheckpointFacts.__dataclass_fields__
    plain = {name: getattr(row, name) for name in wanted}
    return CheckpointFacts(**{**plain, "configuration": json.loads(row.configuration)})


def facts_of_file(path: Path | UPath) -> CheckpointFacts:
    """What a file says; no store and no torch is needed.

    Raises:
        ValueError: if it is no safetensors file, or none that `segmenter_checkpoint` wrote.
        OSError: if it cannot be read.
    """
    text = read_metadata(path).get(METADATA)
    if text is None:
        raise ValueError(
            f"{path}: need a checkpoint of segmenter_checkpoint, got a safetensors file without "
            f"the metadata `{METADATA}`; where such a file comes from is not known here"
        )
    try:
        written = json.loads(text)
        if written.get("asset", ASSET) == ASSET:
            return _facts(written)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path}: need metadata `{METADATA}` as segmenter_checkpoint writes them, got others "
            f"({type(error).__name__}: {error}); were they altered, or written by a later version?"
        ) from error
    known = ("architecture", "training", "n_frames", "source_version", "mean_iou", "code_version")
    told = ", ".join(f"{name} {written[name]}" for name in known if name in written)
    raise ValueError(
        f"{path}: need a checkpoint of {ASSET}, got one of {written['asset']}: {told}; its row in "
        "the store has the rest"
    )


def differences(first: CheckpointFacts, second: CheckpointFacts) -> tuple[str, ...]:
    """Names of the facts in which two accounts differ; libraries do not count."""
    one, other = asdict(first), asdict(second)
    return tuple(name for name in one if name != "library_versions" and one[name] != other[name])


def _facts(written: Mapping[str, Any]) -> CheckpointFacts:
    score = written["score"]
    own = {name: written[name] for name in CheckpointFacts.__dataclass_fields__ if name in written}
    return CheckpointFacts(
        **{
            **own,
            **{name: score[name] for name in ("step", "stage", "epoch")},
            **{name: float(score[name]) for name in ("average_precision", "mean_iou")},
            "held_out_frame_ids": tuple(written["held_out_frame_ids"]),
            "library_versions": tuple(written["libraries"]),
            "configuration": dict(written["configuration"]),
        }
    )
