"""Score maps that other tools have written: NumPy's ``.npy`` and ``.npz``, and SMIYC's ``.hdf5``.

Nothing is unpickled, and nothing is allocated or unpacked before the declared shape has been
checked. Which file belongs to which image: `storage.score_folders`.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from tokenize import TokenError
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from storage.datasets.dataset import BadFileError
from storage.images import MAX_PIXELS
from storage.smiyc_scores import read_smiyc_array

MAX_SCORE_BYTES = 8 * MAX_PIXELS
"""Largest array that is read: as large as the largest image, in the widest type."""

_MAX_HEADER_BYTES = 16_384
"""NumPy refuses longer headers too, but reads them first."""

_PACKED_AS_NUMPY_DOES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    SyntaxError,
    TokenError,  # NumPy parses the header as Python source
    MemoryError,  # which may be nested too deeply
    RuntimeError,
    NotImplementedError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
_WRITE_AGAIN = "write the score map again"


class Declared(NamedTuple):
    """What a file says of the array that it holds."""

    shape: tuple[int, ...]
    dtype: np.dtype


Check = Callable[[Declared], None]
"""Raises `BadFileError` unless the array may be read."""

Read = Callable[[int], bytes]
"""The next bytes of a stream, as many as there are up to a number."""


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
    except _UNREADABLE as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BadFileError(path, f"cannot be read ({reason:.200})", _WRITE_AGAIN) from error


def _read_npy(path: Path, check: Check) -> np.ndarray:
    with path.open("rb") as stream:
        return _array(stream.read, check)


def _read_npz(path: Path, check: Check) -> np.ndarray:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:4]) or "none"
            fact = f"need one array in the archive, got {len(members)} ({names:.80})"
            raise BadFileError(path, fact, "save the score map alone")
        if members[0].compress_type not in _PACKED_AS_NUMPY_DOES:
            fact = "is packed in a way that NumPy does not use"
            raise BadFileError(path, fact, "save it with numpy.savez_compressed")
        with archive.open(members[0]) as stream:
            return _array(stream.read, check)


def _read_hdf5(path: Path, check: Check) -> np.ndarray:
    return read_smiyc_array(path, lambda shape, dtype: check(Declared(shape, dtype)))


_READERS: Mapping[str, Callable[[Path, Check], np.ndarray]] = MappingProxyType(
    {".npy": _read_npy, ".npz": _read_npz, ".hdf5": _read_hdf5}
)

SCORE_SUFFIXES = tuple(_READERS)
"""Endings of files that `read_score` reads."""


def _array(read_next: Read, check: Check) -> np.ndarray:
    """The array of a stream in NumPy's format, which must end with it.

    The header is read from a bounded piece: a packed one could claim gigabytes for itself.

    Reference: the format is described in ``numpy.lib.format``.
    """
    piece = read_next(_MAX_HEADER_BYTES)
    header = io.BytesIO(piece)
    form = np.lib.format
    is_first = form.read_magic(header) == (1, 0)  # longer ones name columns, which no map has
    read = form.read_array_header_1_0 if is_first else form.read_array_header_2_0
    shape, is_fortran, dtype = read(header)
    check(Declared(shape, dtype))
    n_bytes = prod(shape) * dtype.itemsize
    content = piece[header.tell() :]
    content += read_next(max(0, n_bytes + 1 - len(content)))
    if len(content) != n_bytes:
        found = "more" if len(content) > n_bytes else f"{len(content)}"
        raise EOFError(f"it declares {n_bytes} bytes of scores and holds {found}")
    flat = np.frombuffer(content, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C")
