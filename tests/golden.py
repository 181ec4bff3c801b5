"""Stand-in weights of the golden files: every tensor is a function of its published name.

The rule is stated in the README beside the reference folder.
"""

import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference"


def golden_file(name: str) -> Path:
    """Path of a reference file; the test is skipped on machines that lack it."""
    path = REFERENCE / name
    if not path.is_file():
        pytest.skip(f"needs ../shared/reference/{name}")
    return path


def golden_state(shapes_json: Path) -> dict[str, torch.Tensor]:
    """Published name -> tensor, for a JSON file of published name -> shape."""
    shapes = json.loads(shapes_json.read_text())
    return {name: golden_tensor(name, tuple(shape)) for name, shape in shapes.items()}


def write_golden_safetensors(shapes_json: Path, path: Path) -> None:
    """Write the tensors of `golden_state` to a file, one by one: they may be larger than memory."""
    shapes = json.loads(shapes_json.read_text())
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            stream.write(golden_tensor(name, tuple(shape)).numpy().data)


def golden_tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Float32 tensor that the rule gives for a name; the batch counter is int64 zero."""
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    seed = zlib.crc32(name.encode())
    draw = np.random.RandomState(seed).standard_normal(shape).astype(np.float32)
    return torch.from_numpy(np.asarray(_scaled(name, draw), dtype=np.float32))


def _scaled(name: str, draw: np.ndarray) -> np.ndarray:
    if name.endswith("running_var"):
        return 1 + 0.1 * np.abs(draw)
    if name.endswith("running_mean"):
        return 0.1 * draw
    if draw.ndim > 1:
        return draw / np.sqrt(np.prod(draw.shape[1:]))
    return 1 + 0.1 * draw if name.endswith("weight") else 0.1 * draw
