"""PNG files as bytes, with the text that they carry about their pixels."""

import io
from collections.abc import Mapping

import numpy as np
from jaxtyping import Integer, UInt8, UInt16
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

PNG_LEVEL = 6
MAX_KEY_CHARS = 79


def png_bytes(
    pixels: UInt8[np.ndarray, "..."] | UInt16[np.ndarray, "..."], text: Mapping[str, str]
) -> bytes:
    """PNG file of the pixels, with a text chunk for each entry, in the order of their keys.

    Equal pixels and equal text give equal bytes (with one zlib version).

    Args:
        pixels: uint8 of (height, width) for gray, (height, width, 3) for RGB,
            (height, width, 4) for RGBA; or uint16 of (height, width) for 16-bit gray.
        text: keys of 1 to 79 characters of Latin-1, as the PNG standard wants them; values of any
            characters but NUL.

    Raises:
        ValueError: if shape or dtype is another, or a text cannot be stored.
    """
    _refuse_other_arrays(pixels)
    chunks = PngInfo()
    for key, value in sorted(text.items()):
        _refuse_other_text(key, value)
        chunks.add_text(key, value)
    encoded = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.save(encoded, "PNG", compress_level=PNG_LEVEL, pnginfo=chunks)
    return encoded.getvalue()


def png_text(content: bytes) -> dict[str, str]:
    """Text chunks of a PNG file, as `png_bytes` was given them.

    Raises:
        ValueError: if the bytes are no PNG file that can be decoded.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            picture.load()  # text may also follow the pixels
            chunks = picture.text if isinstance(picture, PngImageFile) else {}
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"need a PNG file, got {len(content)} bytes ({error})") from error
    return {str(key): str(value) for key, value in chunks.items()}


def _refuse_other_arrays(pixels: Integer[np.ndarray, "..."]) -> None:
    channels = pixels.shape[2:]
    if pixels.dtype == np.uint16:
        is_known = pixels.ndim == 2
    else:
        is_known = pixels.dtype == np.uint8 and (pixels.ndim, *channels) in ((2,), (3, 3), (3, 4))
    if not is_known or not pixels.size:
        raise ValueError(f"need a gray, RGB or RGBA array, got {pixels.dtype} {pixels.shape}")


def _refuse_other_text(key: str, value: str) -> None:
    is_key = 1 <= len(key) <= MAX_KEY_CHARS and key == key.strip()
    is_key = is_key and all(ord(letter) < 256 and letter.isprintable() for letter in key)
    if not is_key or "\0" in value:
        raise ValueError(
            f"need text with keys of 1 to {MAX_KEY_CHARS} printable characters of Latin-1 and "
            f"values without NUL, got {key!r}: {value[:80]!r}"
        )
