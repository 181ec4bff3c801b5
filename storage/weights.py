"""Weights as safetensors files: written whole or not at all, the same content as the same bytes.

A digest names the content of any weights, file or folder.

Reading them is the network's own business (`models.checkpoint.reading`).
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from upath import UPath

from storage.atomic import StoreFullError, write_atomically
from storage.images import file_sha256

_LENGTH_BYTES = 8
"""A file begins with the length of its header, little-endian; the header is padded to this."""

_MAX_HEADER_BYTES = 100_000_000
"""The library refuses longer headers, and so do we: a stray file may promise any length."""


def write_weights(
    path: UPath | Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> int:
    """Make ``path`` hold the tensors by name, in place of what was there; gives its size in bytes.

    Equal tensors and metadata give equal bytes, in whatever order they come. Folders that are
    missing are made. Whatever fails, the former file stays.

    Raises:
        StoreFullError: if there is no room.
        OSError: of the kind that fits, naming ``path``, if it cannot be written for another reason.
        ValueError: if there are no tensors.

    Reference: the format is described with the library, huggingface/safetensors.
    """
    if not tensors:
        raise ValueError(f"need at least one tensor to write to {path}, got none")
    plain = save({key: np.asarray(tensor, order="C") for key, tensor in tensors.items()})
    start = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "little")
    # The library writes metadata in a random order, so they join the header here.
    header = json.loads(plain[_LENGTH_BYTES:start])
    text = json.dumps(
        {"__metadata__": dict(sorted(metadata.items())), **header}, ensure_ascii=False
    )
    encoded = text.encode()
    encoded += b" " * (-len(encoded) % _LENGTH_BYTES)
    length = len(encoded).to_bytes(_LENGTH_BYTES, "little")
    content = b"".join((length, encoded, memoryview(plain)[start:]))
    del plain  # before the file's cache takes as much again
    try:
        write_atomically(UPath(path), content)
    except StoreFullError:
        raise
    except OSError as error:  # names a temporary file, or a folder above
        reason = f"cannot be written ({error.strerror or error}); nothing there was changed"
        raise OSError(error.errno, reason, str(path)) from error
    return len(content)


def read_metadata(path: Path | UPath) -> dict[str, str]:
    """Metadata of a safetensors file; its header is all that is read, and no torch is needed.

    Raises:
        ValueError: if it is no safetensors file.
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        text = file.read(length) if 0 < length <= _MAX_HEADER_BYTES else b""
    try:
        header = json.loads(text)
        return {str(name): str(value) for name, value in header.get("__metadata__", {}).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path}: need a safetensors file, got one without its header; was it cut off, or is "
            "it of another kind? `multishift convert-checkpoint` writes such files"
        ) from error


def content_digest(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder over the names and bytes of all files below it.

    Hidden files are left out; order of the listing and times do not matter.

    Raises:
        BadFileError: if a file cannot be read.
        ValueError: if there is nothing to hash.
    """
    if path.is_file():
        return file_sha256(path)
    files = sorted(
        file.relative_to(path).as_posix()
        for file in path.rglob("*")
        if file.is_file() and not any(s.startswith(".") for s in file.relative_to(path).parts)
    )
    if not files:
        raise ValueError(f"{path}: need a file or a folder with files, got none")
    digest = hashlib.sha256()
    for name in files:
        digest.update(f"{name}\0{file_sha256(path / name)}\n".encode())
    return digest.hexdigest()
