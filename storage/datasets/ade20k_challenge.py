"""ADEChallengeData2016: the 150-class form of ADE20K, photos with PNG maps of ids 0 (other) to 150.

The form has no instances: an object is an 8-connected component of one class.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from storage.datasets.ade20k import TERMS
from storage.datasets.dataset import BadFileError, Dataset
from storage.datasets.layout import Entry, files_by_key, findings_of, frames_of, locate_by
from storage.images import image_size, read_label, write_photo, write_png
from storage.label_space import ADE_CLASSES, ade_class
from storage.records import Frame, SourceObject
from storage.rle import encode_box_mask

SPLITS = {"train": "training", "val": "validation"}
"""Our name of each split -> its folder below ``images`` and ``annotations``."""

_NAME = "ade20k_challenge"
_EIGHT_CONNECTED = np.ones((3, 3), bool)


def read_objects(
    root: Path, frame: Frame, *, class_ids: Collection[int] | None = None
) -> list[SourceObject]:
    """Connected components of one image, by class and then by first pixel in reading order.

    ``class_ids`` (1 to 150) keeps walls and skies from being cut; None takes every class.

    Raises:
        BadFileError: if the map is absent, broken, of another size than the photo, or holds an id
            above 150.
    """
    label = _read_map(root, frame)
    wanted = range(1, len(ADE_CLASSES) + 1) if class_ids is None else class_ids
    return [
        _source_object(frame, label, class_id, n, component)
        for class_id in np.unique(label).tolist()
        if class_id in wanted and class_id > 0
        for n, component in enumerate(_components(label == class_id), start=1)
    ]


def write_challenge_image(
    folder: Path,
    *,
    split: str,
    image_id: str,
    image: UInt8[np.ndarray, "height width 3"],
    class_ids: UInt8[np.ndarray, "map_height map_width"],
) -> None:
    """Write the photo (JPEG) and the map of class ids as the official folder holds them.

    Raises:
        ValueError: if the split is unknown, sizes differ, or an id lies above 150.
    """
    if split not in SPLITS or image.shape[:2] != class_ids.shape:
        raise ValueError(
            f"need a split of {tuple(SPLITS)} and one size, got {split!r}, {image.shape[:2]} and "
            f"{class_ids.shape}"
        )
    if class_ids.size and class_ids.max() > len(ADE_CLASSES):
        raise ValueError(f"need class ids from 0 to 150, got {class_ids.max()}")
    write_png(folder / "annotations" / SPLITS[split] / f"{image_id}.png", class_ids)
    write_photo(folder / "images" / SPLITS[split] / f"{image_id}.jpg", image)


def _read_map(root: Path, frame: Frame) -> UInt8[np.ndarray, "height width"]:
    image = root / frame.image
    if frame.label is None:
        raise BadFileError(image, "no map of class ids for this photo", "fetch the annotations")
    path = root / frame.label
    label = read_label(path)
    size = image_size(image)
    if label.shape != size:
        fact = f"need the size {size} of its photo, got {label.shape}"
        raise BadFileError(path, fact, "fetch photo and map of the same release")
    if label.size and label.max() > len(ADE_CLASSES):
        fact = f"need class ids from 0 to 150, got {label.max()}"
        raise BadFileError(path, fact, "give the official annotation, not another coding")
    return label


def _components(
    is_class: Bool[np.ndarray, "height width"],
) -> list[tuple[int, int, Bool[np.ndarray, "box_height box_width"]]]:
    """(top, left, mask in its box) of each component, by first pixel in reading order."""
    from scipy import ndimage  # half a second, which loading the definitions should not take

    labels, _ = ndimage.label(is_class, _EIGHT_CONNECTED)
    found = [
        (rows.start, columns.start, labels[rows, columns] == k)
        for k, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1)
    ]
    return sorted(found, key=lambda item: (item[0], item[1] + int(item[2][0].argmax())))


def _source_object(
    frame: Frame,
    label: UInt8[np.ndarray, "height width"],
    class_id: int,
    n: int,
    component: tuple[int, int, Bool[np.ndarray, "box_height box_width"]],
) -> SourceObject:
    top, left, mask = component
    return SourceObject(
        dataset=_NAME,
        split=frame.split,
        image=frame.image,
        image_id=frame.frame_id,
        license=TERMS,
        instance_id=f"{class_id}_{n}",
        source_class=ade_class(class_id).name,
        class_id=class_id,
        is_instance=False,
        part_level=0,
        is_occluded=None,
        is_cropped=None,
        is_crowd=False,
        image_height_px=label.shape[0],
        image_width_px=label.shape[1],
        mask_rle=encode_box_mask(mask, left_px=left, top_px=top, image_size=label.shape),
    )


def _entries(folder: Path) -> Iterator[Entry]:
    for split, name in SPLITS.items():
        images, labels = folder / "images" / name, folder / "annotations" / name
        photos, maps = files_by_key(images, ".jpg"), files_by_key(labels, ".png")
        for image_id in sorted({*photos, *maps}):
            yield Entry(
                split=split,
                frame_id=image_id,
                image=images / f"{image_id}.jpg",
                has_image=image_id in photos,
                label=labels / f"{image_id}.png",
                has_label=image_id in maps,
                coding="ade20k_150",
            )


def _holds(folder: Path) -> bool:
    return any(
        (folder / "images" / name).is_dir() and (folder / "annotations" / name).is_dir()
        for name in SPLITS.values()
    )


ADE20K_CHALLENGE = Dataset(
    name=_NAME,
    title="ADE20K-150 (challenge form)",
    kinds=("objects",),
    url="http://sceneparsing.csail.mit.edu",
    license=TERMS,
    layout="images/{training,validation}/ADE_<id>.jpg\n"
    "annotations/{training,validation}/ADE_<id>.png",
    is_documented_only=False,
    locate=locate_by(_holds, "ADEChallengeData2016", "ade20k/ADEChallengeData2016"),
    frames=frames_of(_NAME, _entries),
    findings=findings_of(_NAME, _entries),
)
