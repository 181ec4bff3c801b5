"""Image and label files, in and out; every way a file can be bad becomes one `BadFileError`.

Nothing hidden is applied on reading: no rotation by EXIF, no color management, no palette, no
scaling. Writing is atomic: a killed process leaves the old file or none, never half of one.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Int, Integer, UInt8, UInt16
from PIL import Image, UnidentifiedImageError
from upath import UPath

from storage.atomic import write_atomically
from storage.datasets.dataset import BadFileError
from storage.limits import MAX_PIXELS as MAX_PIXELS
from storage.numpy_format import UNREADABLE, Declared, read_npz
from storage.png import png_bytes as png_bytes

_FORMATS = ("PNG", "JPEG", "WEBP")
_UNREADABLE = (
    OSError,
    SyntaxError,  # Pillow's answer to a broken PNG chunk
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # raised only where warnings are errors
)
_FETCH_AGAIN = "fetch or copy the file again"


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            _refuse_bomb(path, picture.size)
            picture.load()
            yield picture
    except BadFileError:
        raise
    except FileNotFoundError:
        raise BadFileError(path, "file does not exist", _FETCH_AGAIN) from None
    except UnidentifiedImageError:
        fact = f"need a PNG, JPEG or WebP image, got {path.stat().st_size} bytes of something else"
        raise BadFileError(path, fact, _FETCH_AGAIN) from None
    except _UNREADABLE as error:
        raise BadFileError(path, f"cannot be decoded ({error})", _FETCH_AGAIN) from error


def _refuse_bomb(path: Path, size: tuple[int, ...]) -> None:
    n_pixels = int(np.prod(size, dtype=object)) if size else 0
    if n_pixels > MAX_PIXELS:
        fact = f"need at most {MAX_PIXELS} pixels, the file declares {n_pixels}"
        raise BadFileError(path, fact, "replace it with an image of the data set's size")


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) of an image file of any mode, after decoding all of it.

    Raises:
        BadFileError: if the file is missing, truncated, too large or no PNG, JPEG or WebP image.
    """
    with _opened(path) as picture:
        return picture.height, picture.width


def read_image(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """RGB photo from a PNG, JPEG or WebP file; gray files are repeated to three channels.

    Raises:
        BadFileError: if the file cannot be decoded, or is neither RGB nor gray with 8 bits.
    """
    with _opened(path) as picture:
        if picture.mode not in ("RGB", "L"):
            fact = f"need an RGB image, got mode {picture.mode}"
            raise BadFileError(path, fact, "save it as 8-bit RGB")
        return np.array(picture.convert("RGB"))


def read_color_map(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """RGB part of a color-coded label map (RGB or RGBA PNG).

    Raises:
        BadFileError: if the file cannot be decoded, or holds no colors.
    """
    with _opened(path) as picture:
        if picture.mode not in ("RGB", "RGBA"):
            fact = f"need a color map (RGB or RGBA), got mode {picture.mode}"
            raise BadFileError(path, fact, "give the color-coded file of the data set")
        return np.array(picture)[..., :3].copy()


def read_label(path: Path) -> UInt8[np.ndarray, "height width"] | Int[np.ndarray, "height width"]:
    """Label map of ids from a gray PNG or an ``.npz``: uint8, or int32 where ids have 16 bits.

    Palette, color and 1-bit files are refused: what their pixels mean is not the id. An ``.npz``
    must hold one two-axis integer array, is never unpickled, and is measured before unpacking.

    Raises:
        BadFileError: if the file cannot be decoded or holds anything but ids.
    """
    if path.suffix == ".npz":
        return _narrow(path, read_npz_array(path, n_axes=2))
    with _opened(path) as picture:
        if picture.mode == "P":
            fact = "palette image where ids are expected (pixels index a color table)"
            raise BadFileError(path, fact, "save the ids as an 8-bit gray PNG")
        if picture.mode not in ("L", "I;16", "I"):
            fact = f"need a gray image of ids, got mode {picture.mode}"
            raise BadFileError(path, fact, "give the file with ids, not the colors")
        return _narrow(path, np.array(picture))


def _narrow(
    path: Path, ids: Integer[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width"] | Int[np.ndarray, "height width"]:
    if ids.dtype == np.uint8:
        return ids
    lowest, highest = (int(ids.min()), int(ids.max())) if ids.size else (0, 0)
    if lowest < 0 or highest > 0xFFFF:
        fact = f"need ids from 0 to 65535, got {lowest} to {highest}"
        raise BadFileError(path, fact, "give the file with ids")
    return ids.astype(np.int32)


def read_npz_array(path: Path, *, n_axes: int) -> Integer[np.ndarray, "..."]:
    """The only array of an ``.npz`` archive, an integer array of ``n_axes`` axes, never unpickled.

    The shape that the array's header declares is checked before anything is allocated, and no more
    than that is unpacked, so that a small archive cannot fill the memory.

    Raises:
        BadFileError: if the file is no such archive.
    """
    try:
        return read_npz(path, lambda declared: _check_declared(path, declared, n_axes))
    except BadFileError:
        raise
    except UNREADABLE as error:
        raise BadFileError(path, f"cannot be unpacked ({error})", _FETCH_AGAIN) from error


def _check_declared(path: Path, declared: Declared, n_axes: int) -> None:
    shape, dtype = declared
    if dtype.kind not in "ui" or len(shape) != n_axes:
        fact = f"need {n_axes} axes of integers, got {len(shape)} axes of {dtype}"
        raise BadFileError(path, fact, "store the ids as one integer array")
    _refuse_bomb(path, tuple(shape[:2]))
    if n_axes > 2 and shape[2] != 3:
        raise BadFileError(path, f"need 3 channels, got {shape[2]}", "store an RGB array")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal digits.

    Raises:
        BadFileError: if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadFileError(path, f"cannot be read ({error})", _FETCH_AGAIN) from error


def write_png(path: Path, pixels: UInt8[np.ndarray, "..."] | UInt16[np.ndarray, "..."]) -> None:
    """Write a PNG atomically; the same pixels give the same bytes.

    Args:
        path: ends in ``.png``; an older file is replaced.
        pixels: uint8 of (height, width) for gray, (height, width, 3) for RGB,
            (height, width, 4) for RGBA; or uint16 of (height, width) for 16-bit gray.

    Raises:
        ValueError: if the suffix, shape or dtype is another.
    """
    if path.suffix != ".png":
        raise ValueError(f"need a path that ends in .png, got {path.name}")
    write_atomically(UPath(path), png_bytes(pixels, {}))


def write_photo(path: Path, image: UInt8[np.ndarray, "height width 3"]) -> None:
    """Write an RGB photo atomically, in the format of the suffix: .png, .webp (lossless) or .jpg.

    JPEG is written at quality 95 without chroma subsampling.

    Raises:
        ValueError: if the suffix is another.
    """
    if path.suffix == ".png":
        write_png(path, image)
        return
    if path.suffix not in (".jpg", ".webp"):
        raise ValueError(f"need a path that ends in .png, .jpg or .webp, got {path.name}")
    if path.suffix == ".jpg":
        _save(path, image, "JPEG", quality=95, subsampling=0)
    else:
        _save(path, image, "WEBP", lossless=True, quality=50, method=2)


def _save(path: Path, pixels: Integer[np.ndarray, "..."], form: str, **options: int) -> None:
    encoded = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(encoded, form, **options)
    write_atomically(UPath(path), encoded.getvalue())


def write_npz_array(path: Path, ids: Integer[np.ndarray, "..."], *, name: str) -> None:
    """Write one array atomically as a compressed ``.npz`` under ``name``."""
    encoded = io.BytesIO()
    np.savez_compressed(encoded, **{name: ids})  # type: ignore[arg-type]
    write_atomically(UPath(path), encoded.getvalue())
