"""Weights as safetensors files: written whole or not at all, the same content as the same bytes.

Reading them is the network's own business (`models.checkpoint.reading`).
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from upath import UPath

from storage.atomic import StoreFullError, write_atomically

_LENGTH_BYTES = 8
"""A file begins with the length of its header, little-endian; the header is padded to this."""


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
