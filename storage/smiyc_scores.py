"""Score maps in the form of SegmentMeIfYouCan: one HDF5 file an image, as its suite keeps them.

Reference: the suite (SegmentMeIfYouCan/road-anomaly-benchmark; its dataset_io.py read at commit
0555238) writes ``anomaly_p/<method>/<dataset>/<image>.hdf5`` with one dataset ``value`` of float16,
deflated.
"""

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float16, Float32
from upath import UPath

from storage.atomic import write_atomically
from storage.datasets.dataset import BadFileError

SUFFIX = ".hdf5"
DATASET = "value"
"""Name of the array within a file."""

_DEFLATE_LEVEL = 9
_DEFLATED, _SHUFFLED, _SUMMED = 1, 2, 3  # numbers of HDF5's own filters
_SUM_BYTES = 4
_WRITE_AGAIN = "write the score map again, as one array"


def read_smiyc_array(path: Path, check: Callable[[tuple[int, ...], np.dtype], None]) -> np.ndarray:
    """The array ``value`` of a file, as it is stored.

    Args:
        path: of the file.
        check: is asked with shape and type before anything is read, and raises to refuse.

    Raises:
        BadFileError: if it has no such array, or one that lies elsewhere or unpacks to more than it
            declares.
        OSError: or an error of another kind, if it is no HDF5 file, or damaged.
    """
    import h5py

    with h5py.File(path, "r", locking=False) as file:
        if not isinstance(file.get(DATASET, getlink=True), h5py.HardLink):
            names = ", ".join(sorted(file)[:4]) or "nothing"
            fact = f"need a dataset {DATASET!r} in the file, got {names:.80}"
            raise BadFileError(path, fact, "write it as the SMIYC suite does")
        found = file[DATASET]
        if not isinstance(found, h5py.Dataset) or found.shape is None:
            fact = f"need an array as {DATASET!r}, got a {type(found).__name__.lower()}"
            raise BadFileError(path, fact, _WRITE_AGAIN)
        if found.external or found.is_virtual:
            raise BadFileError(path, f"{DATASET!r} lies in other files", _WRITE_AGAIN)
        check(tuple(int(n) for n in found.shape), found.dtype)
        _refuse_large_pieces(path, found)
        stored: np.ndarray = found[()]
    return stored


def _refuse_large_pieces(path: Path, found: Any) -> None:
    """Refuse an array in pieces of which one takes more memory than all of it may.

    The library allocates what a piece declares, and unpacks it whatever it grows to.
    """
    if found.chunks is None:
        return
    if any(piece > side for piece, side in zip(found.chunks, found.shape, strict=True)):
        fact = f"is stored in pieces of {found.chunks}, larger than the array"
        raise BadFileError(path, fact, _WRITE_AGAIN)
    settings = found.id.get_create_plist()
    filters = [settings.get_filter(number)[0] for number in range(settings.get_nfilters())]
    if len(set(filters)) < len(filters) or not set(filters) <= {_DEFLATED, _SHUFFLED, _SUMMED}:
        raise BadFileError(
            path, f"is packed by the filters {filters}", "deflate it, or pack it not"
        )
    if _DEFLATED in filters:
        _refuse_bombs(path, found, place=filters.index(_DEFLATED))


def _refuse_bombs(path: Path, found: Any, *, place: int) -> None:
    """Refuse deflated pieces that unpack to more than they declare; ``place`` of that filter."""
    n_bytes = int(np.prod(found.chunks)) * found.dtype.itemsize + _SUM_BYTES
    for number in range(found.id.get_num_chunks()):
        skipped, packed = found.id.read_direct_chunk(found.id.get_chunk_info(number).chunk_offset)
        if skipped >> place & 1:
            continue
        if len(zlib.decompressobj().decompress(packed, n_bytes + 1)) > n_bytes:
            fact = f"has a piece that unpacks to more than its {n_bytes} bytes"
            raise BadFileError(path, fact, _WRITE_AGAIN)


def write_smiyc_score(path: Path, score: Float32[np.ndarray, "height width"]) -> int:
    """Write a score map as the suite does, atomically; gives the size of the file in bytes.

    The form rounds scores to float16, 11 bits. With one version of the library, equal scores give
    equal bytes.

    Raises:
        ValueError: if a score is not finite, or too large for the form.
        OSError: if it cannot be written.
    """
    import h5py

    if path.suffix != SUFFIX:
        raise ValueError(f"need a file to write that ends in {SUFFIX}, got {path}")
    encoded = io.BytesIO()
    with h5py.File(encoded, "w", track_order=False) as file:
        file.create_dataset(
            DATASET,
            data=rounded_score(score),
            compression="gzip",
            compression_opts=_DEFLATE_LEVEL,
            track_times=False,
        )
    content = encoded.getvalue()
    write_atomically(UPath(path), content)
    return len(content)


def rounded_score(
    score: Float32[np.ndarray, "height width"],
) -> Float16[np.ndarray, "height width"]:
    """The score as the form keeps it.

    Raises:
        ValueError: if a score is not finite, or becomes so.
    """
    with np.errstate(over="ignore"):  # told below
        rounded = score.astype(np.float16)
    if not np.isfinite(rounded).all():
        worst = float(score[~np.isfinite(rounded)][0])
        limit = float(np.finfo(np.float16).max)
        raise ValueError(f"need finite scores from {-limit:.0f} to {limit:.0f}, got {worst}")
    return rounded
