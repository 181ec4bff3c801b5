"""Pixels and other bytes under their SHA-256: images, label maps, masks, crops.

A row names a blob by its 64 hexadecimal digits alone; equal content is stored once. Which blobs are
still needed is known to `storage.manifests.vacuum`.
"""

import io
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from jaxtyping import Bool, Int32, UInt8
from PIL import Image
from upath import UPath

from storage.atomic import write_atomically
from storage.limits import MAX_PIXELS
from storage.listing import StoredFile, files_below, first_file, fresh_root, stored_file

SUFFIXES = (".png", ".webp", ".npz", ".safetensors", ".json", ".bin")
"""Kinds of blobs; the suffix is for those who open the file and no part of the name."""

PNG_LEVEL = 6
MAX_UINT16 = 65535
_FORMATS = ("PNG", "WEBP")
REFRESH_S = 3600.0
"""A blob older than this is written again when it is put, so that vacuum sees it as new."""

Pixels = (
    UInt8[np.ndarray, "height width"]
    | UInt8[np.ndarray, "height width 3"]
    | UInt8[np.ndarray, "height width 4"]
    | Bool[np.ndarray, "height width"]
    | Int32[np.ndarray, "height width"]
)
"""Gray or label map, RGB, RGBA, mask, instance map (0 to 65535): each comes back as it went in."""


class DamagedBlobError(ValueError):
    """The bytes of a blob are not those that its name promises."""


class MissingBlobError(FileNotFoundError):
    """A blob that a row names is not in the store."""


@dataclass(frozen=True)
class StoredBlob:
    """One blob of the store; ``modified_s`` counts from the epoch."""

    sha256: str
    size: int
    modified_s: float
    path: UPath


class BlobStore:
    """Blobs below ``<root>/blobs``, written once and never changed."""

    def __init__(self, root: UPath | str) -> None:
        """Open without touching the disk; the first `put` makes the folders."""
        self.folder = fresh_root(root) / "blobs"

    def put(self, content: bytes, suffix: str = ".bin") -> str:
        """SHA-256 under which the bytes are stored from now on; cheap where they already are.

        A damaged blob of the same name is replaced.

        Raises:
            ValueError: if ``suffix`` is none of `SUFFIXES`.
        """
        if suffix not in SUFFIXES:
            raise ValueError(f"need a suffix of {', '.join(SUFFIXES)}, got {suffix!r}")
        name = sha256(content).hexdigest()
        found = self._find(name)
        if found is None or not _is_fresh(found, content):
            write_atomically(found or self._place(name, suffix), content)
        return name

    def get(self, name: str) -> bytes:
        """Bytes of a blob, checked against its name.

        Raises:
            MissingBlobError: if there is no such blob.
            DamagedBlobError: if the bytes have another SHA-256.
        """
        path = self.path(name)
        content: bytes = path.fs.cat_file(path.path)
        found = sha256(content).hexdigest()
        if found != name:
            raise DamagedBlobError(
                f"{path}: need content with SHA-256 {name}, got {found} ({len(content)} bytes); "
                "remove the file and materialize its asset again"
            )
        return content

    def put_image(self, pixels: Pixels) -> str:
        """SHA-256 of the pixels as PNG; equal pixels have equal names (with one zlib version).

        Raises:
            ValueError: if the array is no `Pixels`, or an instance id needs more than 16 bits.
        """
        stream = io.BytesIO()
        _to_image(pixels).save(stream, format="PNG", compress_level=PNG_LEVEL)
        return self.put(stream.getvalue(), ".png")

    def get_image(self, name: str) -> Pixels:
        """Pixels of an image blob, as they were given to `put_image`.

        Raises:
            MissingBlobError: if there is no such blob.
            DamagedBlobError: if its bytes are others, or unpack to more than `MAX_PIXELS`.
        """
        with Image.open(io.BytesIO(self.get(name)), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width}x{image.height}"
                raise DamagedBlobError(f"{name}: need at most {MAX_PIXELS} pixels, got {size}")
            pixels = np.array(image)
        return pixels.astype(np.int32) if pixels.dtype == np.uint16 else pixels

    def path(self, name: str) -> UPath:
        """File of a blob.

        Raises:
            MissingBlobError: if there is no such blob.
        """
        found = self._find(name)
        if found is None:
            raise MissingBlobError(
                f"{self.folder}: blob {name} is missing; materialize the asset that names it again"
            )
        return found

    def exists(self, name: str) -> bool:
        """Whether the store has the blob, sound or not."""
        return self._find(name) is not None

    def __iter__(self) -> Iterator[StoredBlob]:
        """Every blob, by name; unfinished files are passed over."""
        for file in files_below(self.folder):
            if is_blob(file):
                yield StoredBlob(file.path.stem, file.size, file.modified_s, file.path)

    def _place(self, name: str, suffix: str) -> UPath:
        if not re.fullmatch(r"[0-9a-f]{64}", name):
            raise ValueError(f"need a SHA-256 of 64 lower-case hexadecimal digits, got {name!r}")
        return self.folder / name[:2] / f"{name}{suffix}"

    def _find(self, name: str) -> UPath | None:
        folder = self._place(name, "").parent
        return first_file(folder, name, SUFFIXES)


def is_blob(file: StoredFile) -> bool:
    """Whether a file below the blobs of a store is one of them, by its name."""
    return re.fullmatch(r"[0-9a-f]{64}", file.path.stem) is not None


def _is_fresh(path: UPath, content: bytes) -> bool:
    file = stored_file(path)
    if file is None or time.time() - file.modified_s > REFRESH_S:
        return False
    return bool(path.fs.cat_file(path.path) == content)


def _to_image(pixels: Pixels) -> Image.Image:
    if pixels.dtype == np.int32 and pixels.ndim == 2:
        if pixels.size and not 0 <= pixels.min() <= pixels.max() <= MAX_UINT16:
            raise ValueError(
                f"need instance ids from 0 to {MAX_UINT16}, got {pixels.min()} to {pixels.max()}"
            )
        return Image.fromarray(pixels.astype(np.uint16))
    is_color = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] in (3, 4)
    is_flat = pixels.dtype in (np.uint8, np.bool_) and pixels.ndim == 2
    if not (is_color or is_flat):
        raise ValueError(
            "need uint8 (height, width[, 3 or 4]), bool or int32 (height, width), "
            f"got {pixels.dtype} {pixels.shape}"
        )
    return Image.fromarray(np.ascontiguousarray(pixels))
