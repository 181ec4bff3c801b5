"""Score maps between the passes over a benchmark: float32 as they are, so that ties stay ties."""

import io
from pathlib import Path

import numpy as np
from upath import UPath

from storage.atomic import write_atomically


def map_path(work: str, score: str, number: int) -> Path:
    """Where the map of an image lies; a score's name may hold what no file name does."""
    return Path(work) / "maps" / score.encode().hex() / f"{number:06d}.npy"


def write_map(path: Path, score: np.ndarray) -> int:
    """Keep a map; gives its size in bytes.

    Raises:
        StoreFullError: if there is no room.
    """
    stream = io.BytesIO()
    np.save(stream, score, allow_pickle=False)
    write_atomically(UPath(path), stream.getvalue())
    return stream.tell()


def read_map(path: Path) -> np.ndarray:
    """The map that `write_map` kept."""
    return np.asarray(np.load(path, allow_pickle=False))
