"""Where and how pictures are computed: what decides their bytes beside their requests."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import torch

from storage.scene_records import ExecutionProfile

LIBRARIES = (
    "torch",
    "diffusers",
    "transformers",
    "numpy",
    "opencv-python-headless",
    "pillow",
)
"""Distributions whose versions can change a picture."""

_DTYPES = (torch.float32, torch.bfloat16, torch.float16)
_N_HEX_DIGITS = 16


def execution_profile(
    device: torch.device | str,
    dtype: torch.dtype,
    *,
    batch_size: int,
    size: tuple[int, int],
    n_threads: int,
) -> ExecutionProfile:
    """The row that describes how pictures are computed; equal profiles give equal bytes.

    Its id is the first 16 hex digits of the SHA-256 over the other columns, as JSON with sorted
    keys.

    Args:
        device: cpu, or a CUDA device of this machine.
        dtype: of the networks: float32, bfloat16 or float16.
        batch_size: pictures of every pass.
        size: height and width of the pictures.
        n_threads: that one pass computes with on the CPU, see `computing_with`.

    Raises:
        ValueError: if the device, the type or a number is none of those.
    """
    device = torch.device(device)
    _refuse_numbers(batch_size=batch_size, height=size[0], width=size[1], n_threads=n_threads)
    if dtype not in _DTYPES:
        raise ValueError(f"need a dtype of {', '.join(map(_spelled, _DTYPES))}, got {dtype}")
    columns: dict[str, Any] = {
        "device": device.type,
        "device_name": _device_name(device),
        "dtype": _spelled(dtype),
        "batch_size": batch_size,
        "height_px": size[0],
        "width_px": size[1],
        "n_threads": n_threads,
        "versions": " ".join(f"{library}=={version(library)}" for library in LIBRARIES),
    }
    return ExecutionProfile(profile_id=_digest(columns), **columns)


@contextmanager
def computing_with(n_threads: int) -> Iterator[None]:
    """Torch computes with so many threads on the CPU inside, and as before afterwards.

    Raises:
        ValueError: if it is less than 1.
    """
    _refuse_numbers(n_threads=n_threads)
    former = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(former)


def _device_name(device: torch.device) -> str:
    if device.type == "cpu":
        return torch.backends.cpu.get_cpu_capability()
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    raise ValueError(f"need a device cpu or cuda, got {device}")


def _digest(columns: dict[str, Any]) -> str:
    text = json.dumps(columns, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_N_HEX_DIGITS]


def _spelled(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _refuse_numbers(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"need {name} of 1 or more, got {number}")
