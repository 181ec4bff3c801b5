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
EDGE_FOLDER = "controlnet_1"
"""Where the ControlNet for edges lies, as diffusers numbers several ControlNets."""

INDEX = "model_index.json"
_TOO_MANY = "controlnet_2"
_SEVERAL = "MultiControlNetModel"
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
        folders: part -> folder; the text parts, the scheduler and the ``edge_controlnet`` may be
            missing.
        cure: what to do about a part that cannot be used.
    """

    source: str
    folders: Mapping[str, Path]
    cure: str


def find_parts(
    source: str, folder: Path, cure: str, *, elsewhere: Mapping[str, Path] | None = None
) -> Layout:
    """The parts in the subfolders of ``folder``.

    Args:
        source: as the user named it.
        folder: in diffusers layout; the first ControlNet takes layouts, a second one edges.
        cure: what to do about a part that is missing or cannot be used.
        elsewhere: ``controlnet`` or ``edge_controlnet`` -> the folder that it comes from instead,
            which holds it, or a ``controlnet`` that does.

    Raises:
        BundleError: if a part is missing. The text parts may be, where `INDEX` says that there are
            none.
    """
    subfolders = {part: part for part in (*PARTS, SCHEDULER)} | {"edge_controlnet": EDGE_FOLDER}
    folders = {part: folder / name for part, name in subfolders.items()}
    folders = {part: path for part, path in folders.items() if path.is_dir()}
    for part, path in (elsewhere or {}).items():
        inner = path / "controlnet"
        folders[part] = inner if inner.is_dir() else path
    if not folders:
        names = sorted(path.name for path in folder.iterdir())
        found = ", ".join(names[:5] + ["..."] * (len(names) > 5)) or "nothing"
        raise BundleError(source, f"{_NEEDED}, found a folder with {found}", _OTHER_FOLDER)
    index = _index(folder)
    missing = [subfolders[part] for part in _needed(index) if part not in folders]
    if missing:
        found = ", ".join(subfolders[part] for part in folders)
        raise BundleError(source, f"{_NEEDED}, found {found} and no {', '.join(missing)}", cure)
    if (folder / _TOO_MANY).is_dir():
        fact = f"need one ControlNet for layouts and at most one for edges, found {_TOO_MANY} too"
        raise BundleError(source, fact, "take it out; the second one is to take edges")
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


def _index(folder: Path) -> dict[str, Any]:
    path = folder / INDEX
    return read_json(path, "mend or remove this file") if path.is_file() else {}


def _needed(index: Mapping[str, Any]) -> list[str]:
    """Parts that a bundle must have: the index can waive text parts, and ask for edges."""
    needed = [part for part in PARTS if not (part in _MAY_LACK and index.get(part) == [None, None])]
    controlnet = index.get("controlnet")
    if isinstance(controlnet, list) and _SEVERAL in controlnet:
        needed.append("edge_controlnet")
    return needed


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
