"""Small pictures for tables and pages: WebP, so that thousands weigh little."""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image

MAX_SIDE_PX = 256
_QUALITY = 80


def thumbnail_bytes(
    picture: UInt8[np.ndarray, "height width 3"], *, max_side_px: int = MAX_SIDE_PX
) -> bytes:
    """WebP file of an RGB picture, its longer side at most `max_side_px`; never enlarged."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, format="WEBP", quality=_QUALITY, method=4)
    return stream.getvalue()
