"""Pictures as text in the page, so that it is one file."""

import base64
import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image

QUALITY = 82


def data_uri(picture: UInt8[np.ndarray, "height width 3"], *, is_coded: bool = False) -> str:
    """The picture as WebP in a data URI; without loss where colors stand for classes."""
    content = picture_bytes(picture, is_coded=is_coded)
    return "data:image/webp;base64," + base64.b64encode(content).decode()


def picture_bytes(picture: UInt8[np.ndarray, "height width 3"], *, is_coded: bool = False) -> bytes:
    """The picture as WebP; without loss where colors stand for classes."""
    stream = io.BytesIO()
    image = Image.fromarray(picture)
    if is_coded:
        image.save(stream, format="WEBP", lossless=True, quality=60, method=4)
    else:
        image.save(stream, format="WEBP", quality=QUALITY, method=4)
    return stream.getvalue()
