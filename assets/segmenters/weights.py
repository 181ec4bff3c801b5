"""The weights that a training begins with, and the checkpoints that it leaves."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor
from upath import UPath

from assets.segmenters.curve import Score
from assets.segmenters.item import TrainingItem, Wish
from assets.segmenters.names import CODE_VERSION
from assets.segmenters.splitting import Split
from models.random_weights import undisturbed
from models.segmentation import ARCHITECTURES, Segmenter, load_segmenter
from models.segmentation.closed_set import copy_class_layer
from storage.images import file_sha256
from storage.weights import read_metadata, write_weights

_LIBRARIES = ("torch", "torchvision", "transformers", "numpy", "opencv-python-headless")


def first_network(item: TrainingItem, *, seed: int) -> Segmenter:
    """The network that a training begins with: float32, on the CPU.

    An OOD layer that the checkpoint lacks starts as a copy of the class layer, as published; so
    does that of random weights.

    Raises:
        ValueError: if the checkpoint is missing, cannot be used, or is another than was wished for.
    """
    architecture = item.wish.architecture
    if not item.initial:
        network = load_segmenter(architecture, seed=seed)
        copy_class_layer(network)
        return network
    path = Path(item.initial)
    network = load_segmenter(architecture, path, expected=(_ood_layer(architecture),))
    if (found := file_sha256(path)) != item.wish.initial_sha256:
        raise ValueError(
            f"{path}: need the checkpoint with SHA-256 {item.wish.initial_sha256}, got {found}; "
            "put it back, or materialize segmenter_checkpoint again"
        )
    return network


def best_path(folder: Path, step: int) -> Path:
    """File of the best checkpoint, which was taken after a step."""
    return folder / f"best-{step:08d}.safetensors"


def last_path(folder: Path) -> Path:
    """File of the checkpoint that a training ends with."""
    return folder / "last.safetensors"


def write_checkpoint(
    path: Path, network: Mapping[str, Tensor], wish: Wish, *, score: Score, split: Split
) -> None:
    """Write weights by their published names, with everything that they were made from.

    The metadata ``multishift`` is one JSON object: an auditor needs nothing but the file.

    Raises:
        StoreFullError: if there is no room; a former file stays.
    """
    facts = {
        **asdict(wish),
        "training": wish.training,
        "architecture": wish.architecture,
        "score": asdict(score),
        "held_out_frame_ids": split.frame_ids,
        "n_pairs": len(split.learned),
        "code_version": CODE_VERSION,
        "libraries": library_versions(),
    }
    arrays = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in network.items()}
    text = json.dumps(facts, sort_keys=True)
    write_weights(UPath(path), arrays, {"format": "pt", "multishift": text})


def checkpoint_facts(path: Path) -> dict[str, Any]:
    """What a checkpoint that `write_checkpoint` wrote says of itself.

    Raises:
        ValueError: if it says nothing.
    """
    text = read_metadata(path).get("multishift")
    if text is None:
        raise ValueError(
            f"{path}: need a checkpoint of segmenter_checkpoint, got one without the metadata "
            "`multishift`"
        )
    return dict(json.loads(text))


def library_versions() -> tuple[str, ...]:
    """What computes, by name and version."""
    return tuple(f"{name} {version(name)}" for name in _LIBRARIES)


def _ood_layer(architecture: str) -> str:
    with undisturbed("meta"):
        return ARCHITECTURES[architecture]().ood_layer
