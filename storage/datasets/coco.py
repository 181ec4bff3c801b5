"""COCO: photos and one instances JSON per split, as objects with exact masks.

Layout facts: ``coco/{train2017,val2017}`` with ``coco/annotations``, or one folder ``coco2017``
deeper, as the first implementation of the method keeps them. An annotation's ``segmentation`` is a
list of polygons, or an RLE (always so for ``iscrowd`` 1); several polygons are one object.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pycocotools import mask as coco_mask

from storage.datasets.coco_annotations import CocoAnnotation, CocoImage, CocoSplit, read_split
from storage.datasets.dataset import BadFileError, Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    frames_of,
    locate_by,
    relative,
    to_findings,
)
from storage.datasets.source_classes import coco_class_id
from storage.images import image_size
from storage.records import Finding, Frame, SourceObject
from storage.rle import mask_area

SPLITS = {"train": "train2017", "val": "val2017"}
"""Our name of each split -> its folder, and the end of the name of its JSON file."""

_NAME = "coco"
_CURE = "fetch photos and annotations of the same release"


def read_objects(
    root: Path, frame: Frame, *, class_ids: Collection[int] | None = None
) -> list[SourceObject]:
    """Objects of one image, crowds included, in the order of the JSON file.

    With ``class_ids`` (ADE20K-150, 0 for categories outside it) only objects of these classes. An
    annotation whose mask has no pixel gives no object.

    Raises:
        BadFileError: if the JSON or the photo is absent or broken, or if they disagree.
    """
    path = _json_of(root, frame)
    split = read_split(path)
    image = split.images.get(frame.frame_id)
    if image is None:
        raise BadFileError(path, f"no entry for the photo {frame.image}", _CURE)
    size = image_size(root / frame.image)
    if size != (image.height_px, image.width_px):
        fact = f"need {image.height_px}x{image.width_px} pixels as its JSON file states, got {size}"
        raise BadFileError(root / frame.image, fact, _CURE)
    objects = (
        _source_object(frame, split, image, annotation, path=path)
        for annotation in split.annotations.get(image.image_id, ())
        if class_ids is None or coco_class_id(annotation.category) in class_ids
    )
    return [found for found in objects if found is not None]


def _json_of(root: Path, frame: Frame) -> Path:
    if frame.label is None:
        raise BadFileError(root / frame.image, "no instances JSON for this photo", _CURE)
    return root / frame.label


def _source_object(
    frame: Frame, split: CocoSplit, image: CocoImage, annotation: CocoAnnotation, *, path: Path
) -> SourceObject | None:
    height, width = image.height_px, image.width_px
    try:
        rle = _encode(annotation.segmentation, height, width)
        if mask_area(rle, height_px=height, width_px=width) == 0:
            return None
    except (KeyError, TypeError, ValueError, IndexError) as error:
        fact = (
            f"need polygons or an RLE of {height}x{width} pixels in annotation "
            f"{annotation.annotation_id}, got {type(error).__name__}: {error}"
        )
        raise BadFileError(path, fact, _CURE) from error
    return SourceObject(
        dataset=_NAME,
        split=frame.split,
        image=frame.image,
        image_id=frame.frame_id,
        license=split.licenses.get(image.license_id, "unknown"),
        instance_id=str(annotation.annotation_id),
        source_class=annotation.category,
        class_id=coco_class_id(annotation.category),
        is_instance=not annotation.is_crowd,
        part_level=0,
        is_occluded=None,
        is_cropped=None,
        is_crowd=annotation.is_crowd,
        image_height_px=height,
        image_width_px=width,
        mask_rle=rle,
    )


def _encode(segmentation: Any, height: int, width: int) -> bytes:
    """Compressed RLE by the rules of ``pycocotools.coco.COCO.annToRLE``."""
    if isinstance(segmentation, list):
        rle = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    elif list(segmentation["size"]) != [height, width]:
        raise ValueError(f"an RLE of size {segmentation['size']}")
    elif isinstance(segmentation["counts"], list):
        rle = coco_mask.frPyObjects(segmentation, height, width)
    else:
        rle = segmentation
    counts = rle["counts"]
    return counts.encode("ascii") if isinstance(counts, str) else bytes(counts)


def _json_path(folder: Path, name: str) -> Path:
    return folder / "annotations" / f"instances_{name}.json"


def _entries(folder: Path) -> Iterator[Entry]:
    """Images of the JSON files; a JSON file that cannot be read lists none."""
    for split, name in SPLITS.items():
        path = _json_path(folder, name)
        try:
            images = read_split(path).images if path.exists() else {}
        except BadFileError:
            continue
        photos = files_by_key(folder / name, ".jpg")
        for frame_id in sorted(images):
            yield Entry(
                split=split,
                frame_id=frame_id,
                image=folder / name / f"{frame_id}.jpg",
                has_image=frame_id in photos,
                label=path,
                has_label=True,
                coding="coco_instances",
                instances=path,
            )


def _findings(root: Path, folder: Path) -> Iterator[Finding]:
    for split, name in SPLITS.items():
        path = _json_path(folder, name)
        try:
            if path.exists():
                read_split(path)
        except BadFileError as error:
            yield Finding(
                dataset=_NAME, split=split, path=relative(path, root), fact=error.fact,
                cure=error.cure,
            )  # fmt: skip
    photos = {split: files_by_key(folder / name, ".jpg") for split, name in SPLITS.items()}
    for entry in _entries(folder):
        if photos[entry.split]:
            yield from to_findings(entry, dataset=_NAME, root=root)
    for split, name in SPLITS.items():
        if not photos[split] and _json_path(folder, name).exists():
            yield Finding(
                dataset=_NAME,
                split=split,
                path=relative(folder / name, root),
                fact=f"no photo of those that instances_{name}.json lists",
                cure=f"fetch {name}.zip, or remove the JSON file",
            )


def _check_frame(root: Path, frame: Frame) -> None:
    """Every annotation of one photo can be decoded, and its size is the photo's."""
    if (root / frame.image).is_file():
        read_objects(root, frame)


def _holds(folder: Path) -> bool:
    return any(_json_path(folder, name).is_file() for name in SPLITS.values())


COCO = Dataset(
    name=_NAME,
    title="COCO 2017",
    kinds=("objects",),
    url="https://cocodataset.org",
    license="annotations CC BY 4.0; each photo has a Creative Commons license of its own",
    layout="{train2017,val2017}/<image id>.jpg\nannotations/instances_{train2017,val2017}.json",
    is_documented_only=False,
    locate=locate_by(_holds, "coco", "coco/coco2017", "coco2017"),
    frames=frames_of(_NAME, _entries),
    findings=_findings,
    check_frame=_check_frame,
)
