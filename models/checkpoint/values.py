"""The numbers of a file's tensors: finite, and of the kind that a network takes."""

from math import isfinite
from pathlib import Path

import torch
from torch import Tensor

from models.checkpoint.reading import CheckpointError

_SAVE_WIDER = "save its weights as float32, float16 or bfloat16"


def is_finite(tensor: Tensor) -> bool:
    """Whether every value is finite; two numbers are looked at, and no copy is made."""
    return all(map(isfinite, torch.stack(torch.aminmax(tensor)).tolist()))


def converted(path: Path, key: str, found: Tensor, own: Tensor, *, copy: bool = False) -> Tensor:
    """The file's tensor in the type of the network's; itself where that is its type, unless copied.

    Raises:
        CheckpointError: if it holds numbers of another kind, or some that are not finite.
    """
    kind_found = _short(found.dtype)
    if own.is_floating_point() != found.is_floating_point() or found.is_complex():
        kind = "floating-point" if own.is_floating_point() else "whole"
        fact = f"need {kind} numbers as {key}, got {kind_found}"
        raise CheckpointError(path, fact, "use the checkpoint that this one was derived from")
    try:
        tensor = found.to("cpu", own.dtype, copy=copy)
    except NotImplementedError as error:  # types of a few bits, such as float4
        fact = f"need numbers that can become {_short(own.dtype)} as {key}, got {kind_found}"
        raise CheckpointError(path, fact, _SAVE_WIDER) from error
    if not is_finite(tensor):
        fact = f"need finite weights that float32 can hold, got others as {key}"
        raise CheckpointError(path, fact, "use a checkpoint from before its training diverged")
    return tensor


def _short(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")
