"""One training as an item of the engine: run it as the worker can, keep its weights in the store.

Stays light: what needs torch is imported when an item runs.
"""

import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.devices import device_of, n_gpus, prepare_device
from assets.engine.orphans import ends_with_its_asker
from assets.engine.worker import one_line
from assets.passing import may_pass
from assets.segmenters.item import TrainingItem
from assets.segmenters.turns import ON_WORKER, training_turn
from assets.worker_store import store_of_item
from storage.folders import kept_folder
from storage.training_records import SegmenterCheckpoint, TrainingStep

if TYPE_CHECKING:
    from assets.segmenters.states import Kept


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Rows of a finished training; the weights are in the store."""

    checkpoints: tuple[SegmenterCheckpoint, ...]
    steps: tuple[TrainingStep, ...]


@dataclass(frozen=True)
class Refused:
    """Why a training cannot end well, however often it is tried, in one line."""

    reason: str


def train_item(item: TrainingItem) -> Trained | Refused:
    """Train, from where a former life left off; the rows, or what a person must mend.

    The process ends when nobody waits for the rows any more.

    Raises:
        OSError: if the disk is full, or it is other trouble that may pass.
        TurnTakenError: if another worker trains the same, and goes on.
    """
    try:
        here = replace(item, device=device_of(item.device))
        _refuse_few_gpus(here)
        with training_turn(item, ON_WORKER), ends_with_its_asker():
            _train(here)
            return bring_in(here)
    except (OSError, ValueError) as error:
        if may_pass(error):
            raise
        return Refused(one_line(str(error)))


def bring_in(item: TrainingItem) -> Trained:
    """Rows of a finished work folder, after its weights are put into the store.

    Raises:
        ValueError: if the training in the folder is not finished.
    """
    from assets.segmenters.curve import read_steps
    from assets.segmenters.states import read_kept
    from assets.segmenters.weights import best_path, checkpoint_facts, last_path

    wish, folder = item.wish, item.folder
    kept = read_kept(folder, wish.training)
    if kept is None or kept.best is None or kept.last is None:
        raise ValueError(f"{folder}: need a finished training, got none")
    files = {kept.best.step: best_path(folder, kept.best.step)}
    files.setdefault(kept.last.step, last_path(folder))
    rows = tuple(_row(item, kept, path, checkpoint_facts(path)) for path in files.values())
    return Trained(checkpoints=rows, steps=read_steps(folder, wish.training))


def _row(
    item: TrainingItem, kept: "Kept", path: Path, facts: Mapping[str, Any]
) -> SegmenterCheckpoint:
    """Row of a checkpoint, after it is put into the store."""
    wish, score = item.wish, facts["score"]
    blobs = store_of_item(item.store_root, item.single_writer).blobs
    return SegmenterCheckpoint(
        training=wish.training,
        step=score["step"],
        architecture=wish.architecture,
        stage=score["stage"],
        epoch=score["epoch"],
        is_best=kept.best is not None and score["step"] == kept.best.step,
        is_last=kept.last is not None and score["step"] == kept.last.step,
        checkpoint_sha256=blobs.put(path.read_bytes(), ".safetensors"),
        average_precision=score["average_precision"],
        mean_iou=score["mean_iou"],
        held_out_frame_ids=tuple(facts["held_out_frame_ids"]),
        n_pairs=facts["n_pairs"],
        configuration=wish.configuration_text,
        n_processes=wish.n_processes,
        selection=wish.selection,
        manifest_version=wish.manifest_version,
        manifest_fingerprint=wish.manifest_fingerprint,
        rows_fingerprint=wish.rows_fingerprint,
        initial_sha256=wish.initial_sha256,
        objects_version=wish.objects_version,
        objects_fingerprint=wish.objects_fingerprint,
        code_version=facts["code_version"],
        library_versions=tuple(facts["libraries"]),
    )


def _refuse_few_gpus(item: TrainingItem) -> None:
    """Let pass what this worker has the GPUs for, whatever it was said to offer."""
    n_processes = item.wish.n_processes
    if item.device.startswith("cuda") and n_processes > max(1, n_gpus()):
        raise ValueError(
            f"need {n_processes} GPUs for as many processes, got {n_gpus()} that the worker may "
            "use; choose fewer n_processes, or a worker with more GPUs"
        )


def _train(item: TrainingItem) -> None:
    kept_folder(item.folder)
    # A worker of Dask may have no processes of its own, which loaders are; a launched one may.
    is_confined = multiprocessing.current_process().daemon and item.n_loader_workers > 0
    if item.wish.n_processes > 1 or is_confined:
        from assets.segmenters.launching import launch_training

        launch_training(item)
    else:
        from assets.segmenters.running import run_training

        prepare_device(item.device)
        run_training(item)
