"""MUAD, the OOD test set of the challenge release: rendered scenes with animals and bins."""

from collections.abc import Iterator
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
from storage.images import write_png

NAME = "muad"
_IMAGE_SUFFIX, _LABEL_SUFFIX = "_leftImg8bit.png", "_leftLabel.png"


def _entries(folder: Path) -> Iterator[Entry]:
    photos = files_by_key(folder / "leftImg8bit", _IMAGE_SUFFIX)
    labels = files_by_key(folder / "leftLabel", _LABEL_SUFFIX)
    for name in sorted({*photos, *labels}, key=lambda name: (name.zfill(12), name)):
        yield Entry(
            split="test",
            frame_id=name,
            image=folder / "leftImg8bit" / f"{name}{_IMAGE_SUFFIX}",
            has_image=name in photos,
            label=folder / "leftLabel" / f"{name}{_LABEL_SUFFIX}",
            has_label=name in labels,
            coding="muad",
        )


def _holds(folder: Path) -> bool:
    return (
        (folder / "leftImg8bit").is_dir()
        and (folder / "leftLabel").is_dir()
        and any(
            files_by_key(folder / part, suffix)
            for part, suffix in (("leftImg8bit", _IMAGE_SUFFIX), ("leftLabel", _LABEL_SUFFIX))
        )
    )


MUAD = Dataset(
    name=NAME,
    title="MUAD",
    kinds=("ood", "closed_set"),
    url="https://muad-dataset.github.io",
    license="research use on request; copyright Universite Paris-Saclay and ENSTA Paris",
    layout="test_sets/test_OOD/leftImg8bit/<n>_leftImg8bit.png\n"
    "test_sets/test_OOD/leftLabel/<n>_leftLabel.png",
    is_documented_only=True,
    locate=locate_by(_holds, "MUAD_challenge/test_sets/test_OOD", "test_sets/test_OOD"),
    frames=frames_of(NAME, _entries),
    findings=findings_of(NAME, _entries),
)


def write_muad_frame(
    folder: Path,
    *,
    name: str,
    image: UInt8[np.ndarray, "height width 3"],
    label: UInt8[np.ndarray, "height width"],
) -> None:
    """Write a frame with MUAD's ids: 0 to 18 known, 19 and 20 unknown objects, above that void.

    Raises:
        ValueError: if sizes differ.
    """
    if image.shape[:2] != label.shape:
        raise ValueError(f"need one size for {name}, got {image.shape} and {label.shape}")
    check_values(CODINGS["muad"], label, path=name)
    write_png(folder / "leftLabel" / f"{name}{_LABEL_SUFFIX}", label)
    write_png(folder / "leftImg8bit" / f"{name}{_IMAGE_SUFFIX}", image)
