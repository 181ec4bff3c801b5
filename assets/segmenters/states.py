"""The files of a work folder from which an interrupted training goes on.

``state.safetensors`` holds everything that a step changes, and which files beside it belong to it:
it is replaced in one step, and files that it does not name do not count. ``curve.jsonl`` is only
appended to; lines after the steps of the state are of a life that was lost and are cut off.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor
from upath import UPath

from assets.segmenters.curve import Score
from models.training.state import TrainingState, from_tensors, to_tensors
from storage.weights import write_weights

STATE = "state.safetensors"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a training keeps beside the state of its loop.

    Attributes:
        training: digest of its wish.
        best: the highest score so far, the first of equal ones; None before the first.
        last: the newest score; None before the first.
    """

    training: str
    best: Score | None = None
    last: Score | None = None


def write_state(folder: Path, state: TrainingState, kept: Kept) -> None:
    """Replace the state of a work folder, whole or not at all.

    Raises:
        StoreFullError: if there is no room; the former state stays.
    """
    tensors, facts = to_tensors(state)
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    metadata = {"training": json.dumps(facts), "kept": json.dumps(asdict(kept))}
    write_weights(UPath(folder / STATE), arrays, metadata)


def read_state(folder: Path, training: str) -> tuple[TrainingState, Kept] | None:
    """The state that a training left in its work folder; None where it left none.

    Raises:
        ValueError: if it is damaged, or another training's.
    """
    path = folder / STATE
    if not path.is_file():
        return None
    try:
        tensors, metadata = _read(path)
        state = from_tensors(tensors, json.loads(metadata["training"]))
        kept = _kept(json.loads(metadata["kept"]))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: need the state of a training, got {error}; remove its folder to begin anew"
        ) from error
    if kept.training != training:
        raise ValueError(
            f"{path}: need the state of the training {training}, got that of {kept.training}; "
            "remove its folder to begin anew"
        )
    return state, kept


def read_kept(folder: Path, training: str) -> Kept | None:
    """What a training kept beside its state; errors as in `read_state`."""
    found = read_state(folder, training)
    return None if found is None else found[1]


def _read(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


def _kept(plain: Mapping[str, Any]) -> Kept:
    scores = {name: plain[name] and Score(**plain[name]) for name in ("best", "last")}
    return Kept(training=plain["training"], **scores)
