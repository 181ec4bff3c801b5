"""Folders in the layout of diffusers: which parts lie where, checked before anything is loaded.

Nothing here holds a weight: only JSON files and the headers of safetensors files are read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from models.generation.bundle import BundleError

PARTS = ("unet", "controlnet", "vae", "text_encoder", "tokenizer")
"""Subfolders that a bundle has; the scheduler's is optional."""

SCHEDULER = "scheduler"
INDEX = "model_index.json"
_MAY_LACK = ("text_encoder", "tokenizer")
_VARIANTS = (None, "fp16")
_PICKLES = ("*.bin", "*.ckpt", "*.pt", "*.pth")
_OTHER_FOLDER = "name such a folder, or the single file itself"
_NEEDED = "need a folder in diffusers layout (unet, controlnet, vae, text_encoder, tokenizer)"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the parts of a bundle lie.

    Attributes:
        source: as the user named it.
        folders: part -> folder; the text parts and the scheduler may be missing.
        cure: what to do about a part that cannot be used.
    """

    source: str
    folders: Mapping[str, Path]
    cure: str


def find_parts(source: str, folder: Path, cure: str, *, controlnet: Path | None = None) -> Layout:
    """The parts in the subfolders of ``folder``; of ``controlnet`` comes the part of that name.

    Raises:
        BundleError: if a part is missing. The text parts may be, where `INDEX` says that there are
            none.
    """
    folders = {part: folder / part for part in (*PARTS, SCHEDULER) if (folder / part).is_dir()}
    if controlnet is not None:
        inner = controlnet / "controlnet"
        folders["controlnet"] = inner if inner.is_dir() else controlnet
    if not folders:
        names = sorted(path.name for path in folder.iterdir())
        found = ", ".join(names[:5] + ["..."] * (len(names) > 5)) or "nothing"
        raise BundleError(source, f"{_NEEDED}, found a folder with {found}", _OTHER_FOLDER)
    declared_none = _declared_none(folder)
    missing = [part for part in PARTS if part not in folders and part not in declared_none]
    if missing:
        fact = f"{_NEEDED}, found {', '.join(folders)} and no {', '.join(missing)}"
        raise BundleError(source, fact, cure)
    return Layout(source=source, folders=folders, cure=cure)


def read_json(path: Path, cure: str) -> dict[str, Any]:
    """The object of a JSON file.

    Raises:
        BundleError: if there is no such file, or no JSON object in it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(path, "file does not exist", cure) from error
    except (OSError, ValueError, RecursionError) as error:
        fact = f"need a JSON file, found one that cannot be read ({type(error).__name__})"
        raise BundleError(path, fact, cure) from error
    if not isinstance(content, dict):
        raise BundleError(path, f"need a JSON object, found a {type(content).__name__}", cure)
    return content


def weights_variant(folder: Path, stem: str, cure: str) -> str | None:
    """The variant of the weights in ``folder`` to load: None for the plain files, or ``fp16``.

    Args:
        folder: of one part.
        stem: how the library names its weight files.
        cure: what to do if they cannot be used.

    Raises:
        BundleError: if there are no safetensors files, or one is missing, damaged or cut off.
    """
    for variant in _VARIANTS:
        files = _weight_files(folder, stem, variant, cure)
        if files:
            for file in files:
                _refuse_damaged(file, cure)
            return variant
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    found = f"only {pickles[0]}, which is a pickle and is not opened" if pickles else "no weights"
    raise BundleError(folder, f"need {stem}.safetensors, found {found}", cure)


def _declared_none(folder: Path) -> set[str]:
    """Text parts of which `INDEX` says that the bundle has none."""
    path = folder / INDEX
    index = read_json(path, "mend or remove this file") if path.is_file() else {}
    return {part for part in _MAY_LACK if index.get(part) == [None, None]}


def _weight_files(folder: Path, stem: str, variant: str | None, cure: str) -> list[Path]:
    infix = f".{variant}" if variant else ""
    index = folder / f"{stem}.safetensors.index{infix}.json"
    if not index.is_file():
        single = folder / f"{stem}{infix}.safetensors"
        return [single] if single.is_file() else []
    names = read_json(index, cure).get("weight_map")
    if not isinstance(names, dict) or not all(map(_is_file_name, names.values())):
        fact = "need a weight_map of tensor -> safetensors file in this folder, found another"
        raise BundleError(index, fact, cure)
    return [folder / name for name in sorted(set(names.values()))]


def _is_file_name(name: object) -> bool:
    """Whether it names a file beside the index, and none elsewhere on this machine."""
    return isinstance(name, str) and name.endswith(".safetensors") and Path(name).name == name


def _refuse_damaged(file: Path, cure: str) -> None:
    """Read the header, which states the length that the file must have."""
    try:
        with safe_open(file, framework="pt"):
            pass
    except FileNotFoundError as error:
        raise BundleError(file, "file does not exist, and the index names it", cure) from error
    except (SafetensorError, OSError) as error:
        fact = f"is a damaged or cut off safetensors file ({error})"
        raise BundleError(file, fact, cure) from error
