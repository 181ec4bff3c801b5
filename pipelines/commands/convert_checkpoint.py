"""`multishift convert-checkpoint`: a published checkpoint as a safetensors file of ours."""

import errno
import os
from collections.abc import Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.commands.console import err, out
from storage.atomic import StoreFullError
from storage.images import file_sha256
from storage.weights import write_weights

if TYPE_CHECKING:
    from models.segmentation.door import LoadedSegmenter

SUFFIX = ".safetensors"


def run_convert(
    source: Path, target: Path, *, architecture: str, expected: Collection[str], overwrite: bool
) -> int:
    """Load the source as that architecture, write it to the target, tell what was done."""
    # torch takes seconds to import; a refusal of the target needs none of it.
    _refuse_target(target, overwrite=overwrite)
    from models.segmentation.door import read_segmenter

    err.print(f"reading {source} as {architecture}", style="dim", markup=False, soft_wrap=True)
    loaded = read_segmenter(architecture, source, expected=expected)
    state = {key: tensor.numpy() for key, tensor in loaded.network.published_state().items()}
    metadata = {
        "architecture": architecture,
        "source": source.name,
        "source_sha256": file_sha256(source),
        "multishift_version": version("multishift"),
    }
    n_bytes = _write(target, state, metadata)
    n_values = sum(array.size for array in state.values())
    out.print(
        f"wrote {target}: {architecture}, {n_values / 1e6:.1f} million values in {len(state)} "
        f"tensors, {n_bytes / 1e6:.1f} MB",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    _print_differences(loaded)
    return 0


def _refuse_target(target: Path, *, overwrite: bool) -> None:
    if target.suffix != SUFFIX:
        raise ValueError(f"need a file to write that ends in {SUFFIX}, got {target}")
    if target.is_dir():
        raise IsADirectoryError(f"need a file to write, got the folder {target}")
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists; name another file, or replace it with --overwrite")
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(f"need a folder to write {target} to, got the file {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"need leave to write to {folder} for {target}; name another file")


def _write(target: Path, state: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> int:
    try:
        return write_weights(target, state, metadata)
    except StoreFullError as error:  # which tells of a store, and this file lies beside it
        n_bytes = sum(array.nbytes for array in state.values())
        reason = (
            f"no room for about {n_bytes} bytes; nothing there was changed. Free space, or name a "
            "file on another disk"
        )
        raise OSError(errno.ENOSPC, reason, str(target)) from error


def _print_differences(loaded: "LoadedSegmenter") -> None:
    """Name the weights that are not the file's, and what of the file was left out."""
    for keys, fate in (
        (loaded.copied, "copied from the class layer"),
        (loaded.drawn, "not in the file, drawn at random"),
        (loaded.unused, "in the file, not written"),
    ):
        if keys:
            from models.checkpoint.matching import grouped

            out.print(f"  {grouped(keys)}: {fate}", markup=False, highlight=False, soft_wrap=True)
