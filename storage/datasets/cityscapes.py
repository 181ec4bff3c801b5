"""Cityscapes: leftImg8bit and gtFine, read and written; label ids are enough, the rest follows.

Train ids, colors and the list of instances are derived here where a copy lacks their files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Integer, UInt8, UInt16

from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import BadFileError, Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    findings_of,
    frames_of,
    locate_by,
    subfolders,
)
from storage.images import write_png
from storage.label_space import CITYSCAPES_LABELS, VOID_ID, train_id_table

SPLITS = ("train", "val", "test")
IMAGE_SUFFIX = "_leftImg8bit.png"
FRAME_NAME = re.compile(r"[A-Za-z0-9-]+_\d{6}_\d{6}")
"""City, sequence and frame number, as every Cityscapes file name begins."""

_LABEL_FILES = {  # in order of preference: what a train id can be read from exactly
    "_gtFine_labelIds.png": "cityscapes_label_ids",
    "_gtFine_labelTrainIds.png": "cityscapes_train_ids",
    "_gtFine_instanceIds.png": "cityscapes_instance_ids",
}
_COLOR_SUFFIX = "_gtFine_color.png"
_N_PER_CLASS = 1000


def _entries(folder: Path) -> Iterator[Entry]:
    for split in SPLITS:
        images, labels = folder / "leftImg8bit" / split, folder / "gtFine" / split
        for city in sorted({path.name for top in (images, labels) for path in subfolders(top)}):
            yield from _city_entries(images / city, labels / city, split)


def _city_entries(images: Path, labels: Path, split: str) -> Iterator[Entry]:
    photos = files_by_key(images, IMAGE_SUFFIX)
    by_suffix = {suffix: files_by_key(labels, suffix) for suffix in _LABEL_FILES}
    colors = files_by_key(labels, _COLOR_SUFFIX)
    instances = by_suffix["_gtFine_instanceIds.png"]
    names = {*photos, *(name for found in by_suffix.values() for name in found), *colors}
    for name in sorted(filter(FRAME_NAME.fullmatch, names)):
        suffix = next((s for s in _LABEL_FILES if name in by_suffix[s]), None)
        if name not in photos and (suffix is None or split == "test"):
            continue  # a lone color map, or a dummy label of the hidden test split
        yield Entry(
            split=split,
            frame_id=name,
            group=images.name,
            image=images / f"{name}{IMAGE_SUFFIX}",
            has_image=name in photos,
            label=labels / f"{name}{suffix or '_gtFine_labelIds.png'}",
            has_label=suffix is not None,
            coding=_LABEL_FILES[suffix or "_gtFine_labelIds.png"],
            instances=instances.get(name),
            is_hidden=split == "test",
            **_label_notes(has_color=name in colors),
        )


def _label_notes(*, has_color: bool) -> dict[str, str]:
    if has_color:
        return {
            "label_note": "label ids are missing, only the color map is there",
            "label_cure": "fetch gtFine_trainvaltest.zip for the labelIds; from colors train ids "
            "can be derived only approximately (pole and polegroup share a color)",
        }
    return {
        "label_note": "no label at all",
        "label_cure": "fetch gtFine_trainvaltest.zip (labelIds are enough), or remove the image",
    }


def first_frame_name(folder: Path) -> str | None:
    """Name of some frame below leftImg8bit or gtFine, to tell layouts apart; None where none is."""
    for split in SPLITS:
        for top, suffixes in (("leftImg8bit", (IMAGE_SUFFIX,)), ("gtFine", tuple(_LABEL_FILES))):
            for city in subfolders(folder / top / split):
                for name in files_by_key(city, *suffixes):
                    return name
    return None


def _holds(folder: Path) -> bool:
    name = first_frame_name(folder)
    return name is not None and FRAME_NAME.fullmatch(name) is not None


CITYSCAPES = Dataset(
    name="cityscapes",
    title="Cityscapes",
    kinds=("training", "closed_set"),
    url="https://www.cityscapes-dataset.com",
    license="own terms: non-commercial research and teaching, no redistribution",
    layout="leftImg8bit/<split>/<city>/<city>_<sequence>_<frame>_leftImg8bit.png\n"
    "gtFine/<split>/<city>/<city>_<sequence>_<frame>_gtFine_labelIds.png",
    is_documented_only=False,
    locate=locate_by(_holds, "cityscapes"),
    frames=frames_of("cityscapes", _entries),
    findings=findings_of("cityscapes", _entries),
)


@dataclass(frozen=True, eq=False)
class Instance:
    """One labeled object: its class, its number in the class, its box and the mask in that box."""

    label_id: int
    number: int
    x_px: int
    y_px: int
    mask: Bool[np.ndarray, "box_height box_width"]


def to_train_ids(label_ids: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width"]:
    """Train ids of label ids; ignored classes become `VOID_ID`."""
    train_ids: UInt8[np.ndarray, "height width"] = train_id_table()[label_ids]
    return train_ids


def to_colors(label_ids: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width 3"]:
    """Official RGB colors of label ids (the color map's RGB part).

    Raises:
        ValueError: if an id lies outside 0 to 33.
    """
    table = np.array([label.color for label in CITYSCAPES_LABELS], np.uint8)
    if label_ids.size and int(label_ids.max()) >= len(table):
        raise ValueError(f"need label ids from 0 to {len(table) - 1}, got {int(label_ids.max())}")
    colors: UInt8[np.ndarray, "height width 3"] = table[label_ids]
    return colors


def colors_to_train_ids(
    colors: UInt8[np.ndarray, "height width 3"], *, path: Path | str = "color map"
) -> UInt8[np.ndarray, "height width"]:
    """Train ids of an official color map: an approximation, since colors are not unique.

    Polegroups (void) come out as poles, and license plates as cars.

    Raises:
        BadFileError: if a pixel has no official color; ``path`` names the file there.
    """
    codes = colors.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    present, where = np.unique(codes, return_inverse=True)
    known: dict[int, int] = {}
    for label in reversed(CITYSCAPES_LABELS):  # the lower id wins: pole before polegroup
        red, green, blue = label.color
        known[red << 16 | green << 8 | blue] = label.train_id
    foreign = [int(code) for code in present if int(code) not in known]
    if foreign:
        red, green, blue = foreign[0] >> 16, foreign[0] >> 8 & 255, foreign[0] & 255
        fact = f"{len(foreign)} colors that no class has, for example ({red}, {green}, {blue})"
        raise BadFileError(path, fact, "fetch the labelIds file; this one is resampled or foreign")
    train_ids = np.array([known[int(code)] for code in present], np.uint8)
    return train_ids[where].reshape(codes.shape)


def to_instances(instance_ids: Integer[np.ndarray, "height width"]) -> tuple[Instance, ...]:
    """Labeled objects of an instance map, ordered by class and number.

    Values below 1000 are regions without instances, among them groups of objects, and give none.
    """
    from scipy import ndimage  # half a second, which loading the definitions should not take

    present = np.unique(instance_ids)
    present = present[present >= _N_PER_CLASS]
    numbered = np.zeros(instance_ids.shape, np.int32)
    inside = instance_ids >= _N_PER_CLASS
    numbered[inside] = np.searchsorted(present, instance_ids[inside]) + 1
    boxes = ndimage.find_objects(numbered, max_label=len(present))
    return tuple(
        Instance(
            label_id=int(value) // _N_PER_CLASS,
            number=int(value) % _N_PER_CLASS,
            x_px=box[1].start,
            y_px=box[0].start,
            mask=numbered[box] == index,
        )
        for index, (value, box) in enumerate(zip(present, boxes, strict=True), start=1)
    )


def write_cityscapes_frame(
    folder: Path,
    *,
    split: str,
    name: str,
    image: UInt8[np.ndarray, "height width 3"],
    label_ids: UInt8[np.ndarray, "height width"],
    instance_ids: UInt16[np.ndarray, "height width"] | None = None,
) -> None:
    """Write a frame as Cityscapes holds it: image, labelIds, instanceIds and color.

    Args:
        folder: that holds, or will hold, ``leftImg8bit`` and ``gtFine``.
        split: train, val or test.
        name: ``<city>_<sequence>_<frame>``, both numbers of six digits.
        image: RGB.
        label_ids: 0 to 33.
        instance_ids: label ids, or 1000 * label id + number; None where no object is told apart.

    Raises:
        ValueError: if sizes differ, an id lies outside the coding, or a name is none of Cityscapes.
    """
    city = name.partition("_")[0]
    if split not in SPLITS or not FRAME_NAME.fullmatch(name):
        raise ValueError(f"need a split of {SPLITS} and a frame's name, got {split!r}, {name!r}")
    instance_ids = label_ids.astype(np.uint16) if instance_ids is None else instance_ids
    if not image.shape[:2] == label_ids.shape == instance_ids.shape:
        raise ValueError(
            f"need one size for {name}, got {image.shape}, {label_ids.shape}, {instance_ids.shape}"
        )
    check_values(CODINGS["cityscapes_label_ids"], label_ids, path=name)
    check_values(CODINGS["cityscapes_instance_ids"], instance_ids, path=name)
    labels = folder / "gtFine" / split / city / f"{name}_gtFine_"
    colors = np.dstack([to_colors(label_ids), np.full(label_ids.shape, VOID_ID, np.uint8)])
    write_png(labels.with_name(f"{labels.name}labelIds.png"), label_ids)
    write_png(labels.with_name(f"{labels.name}instanceIds.png"), instance_ids)
    write_png(labels.with_name(f"{labels.name}color.png"), colors)
    write_png(folder / "leftImg8bit" / split / city / f"{name}{IMAGE_SUFFIX}", image)
