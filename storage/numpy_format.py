"""Arrays in NumPy's own format from files of strangers: never unpickled, and no larger than told.

Reference: the format is described in ``numpy.lib.format``.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import NamedTuple

import numpy as np

from storage.datasets.dataset import BadFileError
from storage.limits import MAX_HEADER_BYTES

_PACKED_AS_NUMPY_DOES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

UNREADABLE = (
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
"""What a damaged file makes NumPy and the zip library raise."""


class Declared(NamedTuple):
    """What a file says of the array that it holds."""

    shape: tuple[int, ...]
    dtype: np.dtype


Check = Callable[[Declared], None]
"""Raises `BadFileError` unless the array may be read."""

Read = Callable[[int], bytes]
"""The next bytes of a stream, as many as there are up to a number."""


def read_npy(path: Path, check: Check) -> np.ndarray:
    """The array of an ``.npy`` file; ``check`` is asked before any of it is read.

    Raises:
        BadFileError: as ``check`` raises it.
        OSError: or another of `UNREADABLE`, if the file is damaged.
    """
    with path.open("rb") as stream:
        return read_array(stream.read, check)


def read_npz(path: Path, check: Check) -> np.ndarray:
    """The only array of an ``.npz`` file; ``check`` is asked before any of it is unpacked.

    Raises:
        BadFileError: if it holds several, is packed as NumPy never does, or as ``check`` raises it.
        OSError: or another of `UNREADABLE`, if the file is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:4]) or "none"
            fact = f"need one array in the archive, got {len(members)} ({names:.80})"
            raise BadFileError(path, fact, "save that array alone")
        if members[0].compress_type not in _PACKED_AS_NUMPY_DOES:
            fact = "is packed in a way that NumPy does not use"
            raise BadFileError(path, fact, "save it with numpy.savez_compressed")
        with archive.open(members[0]) as stream:
            return read_array(stream.read, check)


def read_array(read_next: Read, check: Check) -> np.ndarray:
    """The array of a stream, which must end with it; errors as in `read_npy`.

    The header is read from a bounded piece: a packed one could claim gigabytes for itself.
    """
    piece = read_next(MAX_HEADER_BYTES)
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
        raise EOFError(f"it declares {n_bytes} bytes and holds {found}")
    flat = np.frombuffer(content, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C")
