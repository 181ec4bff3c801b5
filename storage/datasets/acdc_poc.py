"""ACDC-POC: ACDC's validation images with objects painted in; a label has its image's name.

The download holds only the difference of each image to ACDC's (``.npz``, with ``.png`` labels);
`restore_image` adds the two. Frames whose image is still a difference are named as gaps.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.acdc import DOMAINS, sequence_folders
from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import BadFileError, Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    frames_of,
    locate_by,
    relative,
    to_findings,
)
from storage.images import read_image, read_npz_array, write_npz_array, write_png
from storage.records import Finding

NAME = "acdc_poc"
_ORIGINAL_MARK = "_rgb_anon_"


def _entries(folder: Path) -> Iterator[Entry]:
    for domain, split, sequence, images, labels in sequence_folders(folder):
        photos = files_by_key(images, ".png")
        targets = files_by_key(labels, ".png", ".npz")
        for name in sorted({*photos, *targets, *files_by_key(images, ".npz")}):
            yield Entry(
                split=split,
                frame_id=f"{domain}/{name}",
                group=sequence,
                domain=domain,
                image=images / f"{name}.png",
                has_image=name in photos,
                label=targets.get(name, labels / f"{name}.png"),
                has_label=name in targets,
                coding="acdc_poc",
            )


def _findings(root: Path, folder: Path) -> Iterator[Finding]:
    for entry in _entries(folder):
        difference = entry.image.with_suffix(".npz")
        if entry.has_image or not difference.is_file():
            yield from to_findings(entry, dataset=NAME, root=root)
            continue
        yield Finding(
            dataset=NAME,
            split=entry.split,
            path=relative(entry.image, root),
            fact=f"image is missing; only its difference {difference.name} to ACDC's is there",
            cure="fetch ACDC and restore the image (storage.datasets.acdc_poc.restore_image)",
        )


def _holds(folder: Path) -> bool:
    """Told from ACDC by names that go on behind ``_rgb_anon``, the same for image and label."""
    for _, _, _, images, labels in sequence_folders(folder):
        for found in (files_by_key(images, ".png", ".npz"), files_by_key(labels, ".png", ".npz")):
            for name in found:
                return _ORIGINAL_MARK in name
    return False


ACDC_POC = Dataset(
    name=NAME,
    title="ACDC-POC",
    kinds=("ood", "closed_set"),
    url="https://github.com/naver/poc",
    license="inpaintings under their own non-commercial license, base images under ACDC's terms",
    layout="rgb_anon_trainvaltest/rgb_anon/<domain>/<split>/<sequence>/<name>.png\n"
    "gt_trainval/gt/<domain>/<split>/<sequence>/<name>.png  (or .npz)",
    is_documented_only=True,
    locate=locate_by(_holds, "acdc_poc", "acdc_ood", "POC_ACDC_VAL_RECONSTRUCTED"),
    frames=frames_of(NAME, _entries),
    findings=_findings,
)


def restore_image(difference: Path, acdc_image: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Painted image from its published difference and ACDC's image, added modulo 256.

    Raises:
        BadFileError: if a file is unusable or their sizes differ.
    """
    change, image = read_npz_array(difference, n_axes=3), read_image(acdc_image)
    if change.dtype != np.uint8 or change.shape != image.shape:
        fact = f"need uint8 of {image.shape}, got {change.dtype} of {change.shape}"
        raise BadFileError(difference, fact, "give the ACDC image it was made from")
    restored: UInt8[np.ndarray, "height width 3"] = image + change
    return restored


def painted_object(frame_id: str) -> str:
    """What was painted into a frame, by its name ``..._rgb_anon_<object>_<seed>``; "" if untold."""
    _, _, told = frame_id.rpartition(_ORIGINAL_MARK)
    return re.sub(r"(^|_)\d+$", "", told).replace("_", " ") if _ORIGINAL_MARK in frame_id else ""


def write_acdc_poc_frame(
    folder: Path,
    *,
    domain: str,
    name: str,
    image: UInt8[np.ndarray, "height width 3"],
    label_ids: UInt8[np.ndarray, "height width"],
    is_npz: bool = False,
) -> None:
    """Write a validation frame; labels are Cityscapes ids, above 33 unknown objects, 255 void.

    ``name`` is ``<sequence>_frame_<six digits>_rgb_anon_<what was painted>``; ``is_npz`` packs the
    label as an array.

    Raises:
        ValueError: if sizes differ, the domain is unknown, or the name has another form.
    """
    if domain not in DOMAINS or _ORIGINAL_MARK not in name:
        raise ValueError(f"need a domain of {DOMAINS} and a name with {_ORIGINAL_MARK}, got {name}")
    if image.shape[:2] != label_ids.shape:
        raise ValueError(f"need one size for {name}, got {image.shape} and {label_ids.shape}")
    check_values(CODINGS["acdc_poc"], label_ids, path=name)
    below = Path(domain, "val", name.partition("_frame_")[0])
    labels = folder / "gt_trainval" / "gt" / below
    if is_npz:
        write_npz_array(labels / f"{name}.npz", label_ids, name="label")
    else:
        write_png(labels / f"{name}.png", label_ids)
    write_png(folder / "rgb_anon_trainvaltest" / "rgb_anon" / below / f"{name}.png", image)
