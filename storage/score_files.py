"""Score maps that other tools have written: NumPy's ``.npy`` and ``.npz``, and SMIYC's ``.hdf5``.

Nothing is unpickled, and nothing is allocated or unpacked before the declared shape has been
checked. Which file belongs to which image: `storage.score_folders`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32

from storage.datasets.dataset import BadFileError
from storage.limits import MAX_PIXELS
from storage.numpy_format import UNREADABLE, Check, Declared, read_npy, read_npz
from storage.smiyc_scores import read_smiyc_array

MAX_SCORE_BYTES = 8 * MAX_PIXELS
"""Largest array that is read: as large as the largest image, in the widest type."""

_WRITE_AGAIN = "write the score map again"


def read_score(
    path: Path, *, size: tuple[int, int] | None = None, max_bytes: int = MAX_SCORE_BYTES
) -> Float32[np.ndarray, "height width"]:
    """The score map of an image, higher is further out of distribution.

    Wider types are rounded to float32, in which all numbers are computed.

    Args:
        path: ``.npy``; ``.npz`` with one array; or ``.hdf5`` with the dataset ``value``, as the
            SMIYC suite writes it.
        size: height and width of the image, if known: a map of another size is not read.
        max_bytes: largest array as the file declares it.

    Raises:
        BadFileError: if the file is missing, damaged, of another kind, shape or type, too large, or
            holds a score that is not finite.
    """
    if path.suffix not in _READERS:
        fact = f"need a score map of {', '.join(_READERS)}, got a file of another kind"
        raise BadFileError(path, fact, "save it in one of these")
    if not path.is_file():
        fact = "need a file, got something else" if path.exists() else "file does not exist"
        raise BadFileError(path, fact, _WRITE_AGAIN)

    def check(declared: Declared) -> None:
        _check_declared(path, declared, size, max_bytes)

    with _damage_told(path):
        stored = _READERS[path.suffix](path, check)
    return _finite(path, stored)


def _finite(path: Path, stored: np.ndarray) -> Float32[np.ndarray, "height width"]:
    with np.errstate(over="ignore"):  # told below, by name
        score = np.array(stored, np.float32, order="C")
    n_wrong = score.size - int(np.count_nonzero(np.isfinite(score)))
    if n_wrong:
        kinds = "NaN" if np.isnan(score).any() else "infinite in float32"
        fact = f"need finite scores, got {n_wrong} of {score.size} that are not ({kinds})"
        raise BadFileError(path, fact, "mend what computes the score")
    return score


def _check_declared(
    path: Path, declared: Declared, size: tuple[int, int] | None, max_bytes: int
) -> None:
    """Refuse what is no map of numbers, or of another size, or too large."""
    shape, dtype = declared
    is_float = dtype.kind == "f" and dtype.itemsize <= 8
    is_exact = dtype.kind in "ui" and dtype.itemsize <= 2  # in float32
    if not (is_float or is_exact):
        fact = f"need scores in float16, float32, float64 or at most 16-bit integers, got {dtype}"
        raise BadFileError(path, fact, "save the score as float32")
    if len(shape) != 2 or min(shape) < 1:
        fact = f"need one score map (height, width), got the shape {shape}"
        raise BadFileError(path, fact, "save one map an image, without further axes")
    if size is not None and shape != size:
        fact = f"need the size of its image, {_told(size)}, got {_told(shape)} (height x width)"
        raise BadFileError(path, fact, "resize the score to the image before it is saved")
    n_bytes = prod(shape) * dtype.itemsize
    if n_bytes > max_bytes:
        fact = f"need at most {max_bytes} bytes, the file declares {_told(shape)} of {dtype}"
        raise BadFileError(path, fact, "save one map of the image's size")


def _told(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except BadFileError:
        raise
    except UNREADABLE as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BadFileError(path, f"cannot be read ({reason:.200})", _WRITE_AGAIN) from error


def _read_hdf5(path: Path, check: Check) -> np.ndarray:
    return read_smiyc_array(path, lambda shape, dtype: check(Declared(shape, dtype)))


_READERS: Mapping[str, Callable[[Path, Check], np.ndarray]] = MappingProxyType(
    {".npy": read_npy, ".npz": read_npz, ".hdf5": _read_hdf5}
)

SCORE_SUFFIXES = tuple(_READERS)
"""Endings of files that `read_score` reads."""
