"""ADE20K, full release of 2021: photo, coded segmentation, JSON and object masks by scene.

How the files of one image fit together (facts, checked pixel by pixel on the sample images):

- ``<name>/instance_<id>_<name>.png`` holds the outline of one JSON object: 255 where it is visible,
  128 where something hides it, 0 elsewhere. Visible masks of whole objects never overlap.
- ``<name>_seg.png`` gives each pixel to the whole object that is visible there; where none is, to
  the whole object of a part that is visible there. So a coded object is its visible mask, plus
  pixels where something else (a road, say) hides it but not its part (a wheel).
- ``<name>_parts_<n>.png`` gives each pixel to the visible part of level n; where two parts overlap,
  to the later one in the JSON file.
- An object without a visible pixel is in the JSON file alone; it gives no `SourceObject`.

``index_ade20k.pkl`` beside ``images`` only repeats these files; its absence is no gap.
"""

from collections.abc import Collection, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.ade20k_annotation import AnnotatedObject, Annotation, read_annotation
from storage.datasets.ade20k_decode import DecodedSegmentation, decode_segmentation
from storage.datasets.dataset import BadFileError, Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    frames_of,
    locate_by,
    relative,
    subfolders,
    to_findings,
)
from storage.datasets.source_classes import fine_class_id
from storage.images import image_size, read_color_map, read_label
from storage.records import Finding, Frame, SourceObject
from storage.rle import encode_box_mask

SPLITS = {"train": "training", "val": "validation"}
"""Our name of each split -> its folder below ``images/ADE``."""

TERMS = "ADE20K terms: non-commercial research and education only"
VISIBLE, HIDDEN = 255, 128
"""Values of an object mask on the object's outline; 0 elsewhere."""

_NAME = "ade20k"
_CURE = "restore the files of this image from the release"


def read_objects(
    root: Path, frame: Frame, *, class_ids: Collection[int] | None = None
) -> list[SourceObject]:
    """Visible whole objects of one image, in the order of its JSON file.

    Masks are those of ``_seg.png``. With ``class_ids`` (ADE20K-150, 0 for classes outside it) only
    objects of these classes are read, and no picture is opened for an image that has none.

    Raises:
        BadFileError: if a file is absent or broken, or if photo, JSON and PNG disagree.
    """
    image = root / frame.image
    annotation = read_annotation(image.with_suffix(".json"))
    wanted = [
        entry
        for entry in annotation.objects
        if entry.part_level == 0 and (class_ids is None or fine_class_id(entry.name) in class_ids)
    ]
    if not wanted:
        return []
    _check_size(image, image_size(image), annotation)
    return _read_level(image.with_name(f"{image.stem}_seg.png"), frame, annotation, wanted)


def read_parts(root: Path, frame: Frame) -> list[SourceObject]:
    """Visible parts of one image, level by level; a part that later parts cover is left out.

    Raises:
        BadFileError: as `read_objects`.
    """
    image = root / frame.image
    annotation = read_annotation(image.with_suffix(".json"))
    _check_size(image, image_size(image), annotation)
    parts = sorted(
        (entry for entry in annotation.objects if entry.part_level > 0),
        key=lambda entry: entry.part_level,
    )
    return [
        part
        for level, entries in groupby(parts, key=lambda entry: entry.part_level)
        for part in _read_level(
            image.with_name(f"{image.stem}_parts_{level}.png"), frame, annotation, list(entries)
        )
    ]


def _check_size(path: Path, found: tuple[int, ...], annotation: Annotation) -> None:
    expected = (annotation.height_px, annotation.width_px)
    if found != expected:
        fact = f"need the {expected[0]}x{expected[1]} pixels of the JSON file, got {found}"
        raise BadFileError(path, fact, _CURE)


def _read_level(
    coded: Path, frame: Frame, annotation: Annotation, entries: list[AnnotatedObject]
) -> list[SourceObject]:
    rgb = read_color_map(coded)
    _check_size(coded, rgb.shape[:2], annotation)
    decoded = decode_segmentation(rgb)
    objects = []
    for entry in entries:
        outline_file = coded.parent / entry.mask_file
        outline = read_label(outline_file)
        _check_size(outline_file, outline.shape, annotation)
        k = _find_instance(coded, decoded, entry, outline)
        if k is not None:
            rle = _encode_visible(decoded, k, outline)
            objects.append(_source_object(frame, annotation, entry, rle))
    return objects


def _find_instance(
    coded: Path,
    decoded: DecodedSegmentation,
    entry: AnnotatedObject,
    outline: UInt8[np.ndarray, "height width"],
) -> int | None:
    """Instance that holds most visible pixels of an object; None where the object has none."""
    n_pixels = np.bincount(decoded.ids[outline == VISIBLE], minlength=decoded.class_index.size + 1)[
        1:
    ]
    is_class = decoded.class_index == entry.class_index
    if n_pixels[is_class].any():
        return int(np.argmax(n_pixels * is_class)) + 1
    is_covered_part = entry.part_level > 0 and n_pixels.any()
    if entry.class_index == 0 or is_covered_part or not (outline == VISIBLE).any():
        return None
    found = sorted({int(index) for index in decoded.class_index[n_pixels > 0]})
    fact = (
        f"need class index {entry.class_index} on the visible pixels of object {entry.object_id} "
        f"({entry.name}) of the JSON file, got {found or 'background'}"
    )
    raise BadFileError(coded, fact, _CURE)


def _encode_visible(
    decoded: DecodedSegmentation, k: int, outline: UInt8[np.ndarray, "height width"]
) -> bytes:
    """Mask of an instance inside the object's outline, which tells apart objects of one code."""
    x, y, width, height = (int(edge) for edge in decoded.box_px[k - 1])
    mask = decoded.mask(k) & (outline[y : y + height, x : x + width] > 0)
    return encode_box_mask(mask, left_px=x, top_px=y, image_size=decoded.ids.shape)


def _source_object(
    frame: Frame, annotation: Annotation, entry: AnnotatedObject, mask_rle: bytes
) -> SourceObject:
    return SourceObject(
        dataset=_NAME,
        split=frame.split,
        image=frame.image,
        image_id=frame.frame_id,
        license=f"{TERMS}. {annotation.origin}".rstrip(". "),
        instance_id=str(entry.object_id),
        source_class=entry.name,
        class_id=fine_class_id(entry.name),
        is_instance=True,
        part_level=entry.part_level,
        is_occluded=entry.is_occluded,
        is_cropped=entry.is_cropped,
        is_crowd=False,
        image_height_px=annotation.height_px,
        image_width_px=annotation.width_px,
        mask_rle=mask_rle,
    )


def _scene_folders(folder: Path) -> Iterator[Path]:
    """The folder and those below it, without the mask folders that belong to one image each."""
    yield folder
    for below in subfolders(folder):
        if not below.name.startswith("ADE_"):
            yield from _scene_folders(below)


def _entries(folder: Path) -> Iterator[Entry]:
    for split, name in SPLITS.items():
        top = folder / "images" / "ADE" / name
        for scene in _scene_folders(top):
            yield from _scene_entries(scene, split=split, group=relative(scene, top))


def _scene_entries(scene: Path, *, split: str, group: str) -> Iterator[Entry]:
    photos, coded = files_by_key(scene, ".jpg"), files_by_key(scene, "_seg.png")
    masks = {below.name: below for below in subfolders(scene)}
    for name in sorted({*photos, *coded}):
        yield Entry(
            split=split,
            frame_id=name,
            group=group,
            image=scene / f"{name}.jpg",
            has_image=name in photos,
            label=scene / f"{name}_seg.png",
            has_label=name in coded,
            coding="ade20k_2021",
            instances=masks.get(name),
        )


def _findings(root: Path, folder: Path) -> Iterator[Finding]:
    for entry in _entries(folder):
        yield from to_findings(entry, dataset=_NAME, root=root)
        for path in (entry.image.with_suffix(".json"), entry.image.with_suffix("")):
            if not path.exists():
                yield Finding(
                    dataset=_NAME,
                    split=entry.split,
                    path=relative(path, root),
                    fact=f"missing beside {entry.image.name}; without it no object can be read",
                    cure="unpack all files of this image from the release",
                )


def _check_frame(root: Path, frame: Frame) -> None:
    """JSON, coded PNG and object masks of one image agree."""
    read_objects(root, frame)
    read_parts(root, frame)


def _holds(folder: Path) -> bool:
    return any((folder / "images" / "ADE" / name).is_dir() for name in SPLITS.values())


ADE20K = Dataset(
    name=_NAME,
    title="ADE20K (full, 2021)",
    kinds=("objects",),
    url="https://groups.csail.mit.edu/vision/datasets/ADE20K",
    license=TERMS,
    layout="images/ADE/{training,validation}/<scene>/ADE_<id>.{jpg,json}\n"
    "images/ADE/{training,validation}/<scene>/ADE_<id>{_seg,_parts_<n>}.png\n"
    "images/ADE/{training,validation}/<scene>/ADE_<id>/instance_<object>_ADE_<id>.png",
    is_documented_only=False,
    locate=locate_by(_holds, "ADE20K_2021_17_01", "ade20k/ADE20K_2021_17_01"),
    frames=frames_of(_NAME, _entries),
    findings=_findings,
    check_frame=_check_frame,
    auxiliary=("class_index",),
)
