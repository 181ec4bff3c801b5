"""Fishyscapes Lost&Found and Static, in the processed form that the method's users hold.

The benchmark itself publishes labels and blended differences only; the processed folders pair every
image with a label of the same name. Both sets share one layout, so the folder's name tells them
apart (or ``match.npy``, which comes with Static and is never read).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    findings_of,
    frames_of,
    locate_by,
)
from storage.images import write_photo, write_png

_FOLDER_PAIRS = (("original", "labels"), ("images", "labels_masks"))
_OFFICIAL = {
    "fishyscapes_lost_and_found": (
        "fs_LostAndFound",
        "FS_LostFound_full",
        "fishyscapes/LostAndFound",
    ),
    "fishyscapes_static": ("fs_static", "fishyscapes/Static"),
}
_WORDS = {
    "fishyscapes_lost_and_found": ("lostandfound", "lostfound"),
    "fishyscapes_static": ("static",),
}


def _entries(folder: Path) -> Iterator[Entry]:
    pair = _folder_pair(folder)
    if pair is None:
        return
    photos = files_by_key(pair[0], ".png", ".jpg")
    labels = files_by_key(pair[1], ".png")
    for name in sorted({*photos, *labels}):
        yield Entry(
            split="val",
            frame_id=name,
            image=photos.get(name, pair[0] / f"{name}.png"),
            has_image=name in photos,
            label=pair[1] / f"{name}.png",
            has_label=name in labels,
            coding="ood_with_void",
        )


def _folder_pair(folder: Path) -> tuple[Path, Path] | None:
    pairs = ((folder / images, folder / labels) for images, labels in _FOLDER_PAIRS)
    return next((pair for pair in pairs if pair[0].is_dir() and pair[1].is_dir()), None)


def _holds(folder: Path, *, name: str) -> bool:
    if _folder_pair(folder) is None:
        return False
    plain_name = folder.name.lower().replace("_", "").replace("&", "and")
    if any(word in plain_name for words in _WORDS.values() for word in words):
        return any(word in plain_name for word in _WORDS[name])
    return name == "fishyscapes_static" and (folder / "match.npy").is_file()


def _set(name: str, title: str) -> Dataset:
    return Dataset(
        name=name,
        title=title,
        kinds=("ood",),
        url="https://fishyscapes.com",
        license="CC BY 4.0 for the masks; images under the terms of Lost and Found and Cityscapes",
        layout="original/<name>.png\nlabels/<name>.png  (0 known, 1 unknown, 255 void)",
        is_documented_only=True,
        locate=locate_by(partial(_holds, name=name), *_OFFICIAL[name]),
        frames=frames_of(name, _entries),
        findings=findings_of(name, _entries),
    )


LOST_AND_FOUND = _set("fishyscapes_lost_and_found", "Fishyscapes Lost&Found")
STATIC = _set("fishyscapes_static", "Fishyscapes Static")


def write_fishyscapes_frame(
    folder: Path,
    *,
    name: str,
    image: UInt8[np.ndarray, "height width 3"],
    ood: UInt8[np.ndarray, "height width"],
) -> None:
    """Write a frame of either set: ``original/<name>.png`` and ``labels/<name>.png`` (0, 1, 255).

    Raises:
        ValueError: if sizes differ or a value is another.
    """
    if image.shape[:2] != ood.shape:
        raise ValueError(f"need one size for {name}, got {image.shape} and {ood.shape}")
    check_values(CODINGS["ood_with_void"], ood, path=name)
    write_png(folder / "labels" / f"{name}.png", ood)
    write_photo(folder / "original" / f"{name}.png", image)
