"""ACDC: real fog, night, rain and snow, with Cityscapes classes; test labels are withheld."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.cityscapes import to_train_ids
from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    findings_of,
    frames_of,
    locate_by,
    subfolders,
)
from storage.images import write_png

NAME = "acdc"
DOMAINS = ("fog", "night", "rain", "snow")
SPLITS = ("train", "val", "test")
_IMAGE_SUFFIX = "_rgb_anon.png"
_LABEL_FILES = {  # train ids first: the form that all public scores were computed from
    "_gt_labelTrainIds.png": "cityscapes_train_ids",
    "_gt_labelIds.png": "cityscapes_label_ids",
}


def tops(folder: Path) -> tuple[Path, Path]:
    """Folders of images and labels above the domains, through the zip files' own level or not."""
    images = [folder / "rgb_anon_trainvaltest" / "rgb_anon", folder / "rgb_anon_trainvaltest"]
    labels = [folder / "gt_trainval" / "gt", folder / "gt_trainval"]
    return (
        next(filter(Path.is_dir, images), folder / "rgb_anon"),
        next(filter(Path.is_dir, labels), folder / "gt"),
    )


def sequence_folders(folder: Path) -> Iterator[tuple[str, str, str, Path, Path]]:
    """(domain, split, sequence, image folder, label folder) of every sequence, sorted."""
    images, labels = tops(folder)
    for domain in DOMAINS:
        for split in SPLITS:
            both = (images / domain / split, labels / domain / split)
            for name in sorted({path.name for top in both for path in subfolders(top)}):
                yield domain, split, name, both[0] / name, both[1] / name


def _entries(folder: Path) -> Iterator[Entry]:
    for domain, split, sequence, images, labels in sequence_folders(folder):
        photos = files_by_key(images, _IMAGE_SUFFIX)
        by_suffix = {suffix: files_by_key(labels, suffix) for suffix in _LABEL_FILES}
        for name in sorted({*photos, *(name for found in by_suffix.values() for name in found)}):
            suffix = next((s for s in _LABEL_FILES if name in by_suffix[s]), None)
            chosen = suffix or "_gt_labelTrainIds.png"
            yield Entry(
                split=split,
                frame_id=f"{domain}/{name}",
                group=sequence,
                domain=domain,
                image=images / f"{name}{_IMAGE_SUFFIX}",
                has_image=name in photos,
                label=labels / f"{name}{chosen}",
                has_label=suffix is not None,
                coding=_LABEL_FILES[chosen],
                is_hidden=split == "test",
                label_cure="fetch gt_trainval.zip, or remove the image",
            )


def _holds(folder: Path) -> bool:
    return any(
        files_by_key(images, _IMAGE_SUFFIX) or files_by_key(labels, *_LABEL_FILES)
        for _, _, _, images, labels in sequence_folders(folder)
    )


ACDC = Dataset(
    name=NAME,
    title="ACDC",
    kinds=("closed_set",),
    url="https://acdc.vision.ee.ethz.ch",
    license="own terms: non-commercial research and teaching, no redistribution",
    layout="rgb_anon/<domain>/<split>/<sequence>/<name>_rgb_anon.png\n"
    "gt/<domain>/<split>/<sequence>/<name>_gt_labelTrainIds.png",
    is_documented_only=True,
    locate=locate_by(_holds, "acdc", "ACDC"),
    frames=frames_of(NAME, _entries),
    findings=findings_of(NAME, _entries),
)


def write_acdc_frame(
    folder: Path,
    *,
    domain: str,
    split: str,
    name: str,
    image: UInt8[np.ndarray, "height width 3"],
    label_ids: UInt8[np.ndarray, "height width"],
) -> None:
    """Write a frame (image, label ids and train ids) as ACDC holds it.

    ``name`` is ``<sequence>_frame_<six digits>``.

    Raises:
        ValueError: if sizes differ, an id lies outside the coding, or domain or split is unknown.
    """
    if domain not in DOMAINS or split not in SPLITS:
        raise ValueError(f"need a domain of {DOMAINS}, a split of {SPLITS}, got {domain}, {split}")
    sequence = name.partition("_frame_")[0]
    if image.shape[:2] != label_ids.shape:
        raise ValueError(f"need one size for {name}, got {image.shape} and {label_ids.shape}")
    check_values(CODINGS["cityscapes_label_ids"], label_ids, path=name)
    below = Path(domain, split, sequence)
    write_png(folder / "gt" / below / f"{name}_gt_labelIds.png", label_ids)
    write_png(folder / "gt" / below / f"{name}_gt_labelTrainIds.png", to_train_ids(label_ids))
    write_png(folder / "rgb_anon" / below / f"{name}{_IMAGE_SUFFIX}", image)
