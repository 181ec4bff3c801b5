"""What a training on the known classes leaves: the file of its weights, and what that says."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assets.closed_set.names import ASSET, CODE_VERSION
from assets.closed_set.order import ClosedSetOrder
from assets.closed_set.training import ClosedSetTraining
from assets.segmenters.weights import library_versions
from models.metrics import class_iou, mean_iou
from models.segmentation import Segmenter
from storage.label_space import TRAIN_CLASSES
from storage.weights import write_weights


def facts_of(order: ClosedSetOrder, trained: ClosedSetTraining) -> dict[str, Any]:
    """Fields of `ClosedSetCheckpoint` of a finished training, but for the blob's name.

    Raises:
        ValueError: if it was never scored.
    """
    if trained.confusion is None:
        raise ValueError(f"need a finished training of {order.architecture}, got one without score")
    ious = {
        label.name: float(iou)
        for label, iou in zip(TRAIN_CLASSES, class_iou(trained.confusion), strict=True)
        if trained.confusion[label.train_id].any()
    }
    return {
        "training": order.training,
        "architecture": order.architecture,
        "mean_iou": mean_iou(trained.confusion),
        "class_names": tuple(ious),
        "class_ious": tuple(ious.values()),
        "held_out_frame_ids": order.held_out_frame_ids,
        "n_frames": len(order.learned),
        "height_px": trained.size[0],
        "width_px": trained.size[1],
        "n_steps": trained.config.n_steps,
        "configuration": order.configuration_text,
        "source_version": order.source_version,
        "code_version": CODE_VERSION,
        "library_versions": library_versions(),
    }


def weights_file(network: Segmenter, facts: dict[str, Any]) -> bytes:
    """Safetensors with the published names; its metadata ``multishift`` holds the facts as JSON."""
    state = network.published_state()
    arrays = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in state.items()}
    text = json.dumps({"asset": ASSET, **facts}, sort_keys=True)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "closed_set.safetensors"
        write_weights(path, arrays, {"format": "pt", "multishift": text})
        return path.read_bytes()
