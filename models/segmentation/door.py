"""The one door through which weights become a network."""

from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import torch
from torch import Tensor

from models.checkpoint.matching import COUNTER_SUFFIX, has_prefix
from models.checkpoint.reading import CheckpointError, read_tensors
from models.segmentation.architectures import build, check_architecture, shapes
from models.segmentation.misfit import refuse_misfit
from models.segmentation.network import Segmenter

_SAVE_WIDER = "save its weights as float32, float16 or bfloat16"


@dataclass(frozen=True, kw_only=True)
class LoadedSegmenter:
    """A network with the weights of a file, and what became of the rest.

    Attributes:
        network: in evaluation mode, float32 on the CPU.
        copied: keys of the OOD layer that the file lacks, copied from the class layer.
        drawn: other keys that the file lacks, drawn at random; batch counters, which start at zero
            and are never drawn, are not among them.
        unused: keys of the file that the network has no place for.
    """

    network: Segmenter
    copied: tuple[str, ...]
    drawn: tuple[str, ...]
    unused: tuple[str, ...]


def load_segmenter(
    architecture: str,
    checkpoint: Path | str | None = None,
    *,
    expected: Collection[str] = (),
    seed: int = 0,
) -> Segmenter:
    """Network in evaluation mode, float32 on the CPU, with the weights of a checkpoint.

    Not beside another thread's ``torch.load``: see `read_tensors`.

    Args:
        architecture: a name of `ARCHITECTURES`.
        checkpoint: .pth, .pt or .safetensors file with the published names, plain or under
            ``state_dict`` or ``model``, with or without the prefix ``module.``; None for random
            weights.
        expected: prefixes of keys that the file may lack or have beyond those of the network. An
            OOD layer that is lacking starts as a copy of the class layer, as published; other keys
            keep their random weights.
        seed: of the random weights; torch's global generator is not touched.

    Raises:
        CheckpointError: if the file is missing, damaged, of another architecture or class count,
            asks for more than tensors, or holds weights that are not finite.
        ValueError: if the architecture is none, or a prefix is expected of no file.
    """
    if checkpoint is not None:
        return read_segmenter(architecture, checkpoint, expected=expected, seed=seed).network
    if expected:
        raise ValueError(f"need a checkpoint to expect {list(expected)} of, got none")
    return build(architecture, seed=seed)


def read_segmenter(
    architecture: str, checkpoint: Path | str, *, expected: Collection[str] = (), seed: int = 0
) -> LoadedSegmenter:
    """Like `load_segmenter`, and says which weights are not the file's.

    Raises:
        CheckpointError: if the file cannot be used.
        ValueError: if the architecture is none.
        TypeError: if ``expected`` is one text and no collection.
    """
    if isinstance(expected, str):
        raise TypeError(f"need a collection of prefixes as expected, got the text {expected!r}")
    check_architecture(architecture)
    path = Path(checkpoint)
    found = read_tensors(path)
    network = build(architecture, seed=seed)
    prefixes = tuple(prefix.rstrip(".") for prefix in expected)
    refuse_misfit(path, architecture, network, shapes(found), expected=prefixes)
    state = network.published_state()
    missing = [key for key in state if key not in found]
    state |= {key: _converted(path, key, found[key], state[key]) for key in state if key in found}
    copied = _copy_class_layer(network, state, missing)
    network.load_published_state(state)
    return LoadedSegmenter(
        network=network,
        copied=copied,
        drawn=tuple(
            key for key in missing if key not in copied and not key.endswith(COUNTER_SUFFIX)
        ),
        unused=tuple(key for key in found if key not in state),
    )


def _converted(path: Path, key: str, found: Tensor, own: Tensor) -> Tensor:
    """The file's tensor in the type of the network's; itself where that is its type."""
    kind_found = _short(found.dtype)
    if own.is_floating_point() != found.is_floating_point() or found.is_complex():
        kind = "floating-point" if own.is_floating_point() else "whole"
        fact = f"need {kind} numbers as {key}, got {kind_found}"
        raise CheckpointError(path, fact, "use the checkpoint that this one was derived from")
    try:
        tensor = found.to("cpu", own.dtype)
    except NotImplementedError as error:  # types of a few bits, such as float4
        fact = f"need numbers that can become {_short(own.dtype)} as {key}, got {kind_found}"
        raise CheckpointError(path, fact, _SAVE_WIDER) from error
    if not all(map(isfinite, torch.stack(torch.aminmax(tensor)).tolist())):
        fact = f"need finite weights that float32 can hold, got others as {key}"
        raise CheckpointError(path, fact, "use a checkpoint from before its training diverged")
    return tensor


def _short(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")


def _copy_class_layer(
    network: Segmenter, state: dict[str, Tensor], missing: Collection[str]
) -> tuple[str, ...]:
    """Let an OOD layer that is missing be the class layer; gives its keys."""
    copied = tuple(key for key in missing if has_prefix(key, (network.ood_layer,)))
    for key in copied:
        state[key] = state[network.class_key(key)]
    return copied
