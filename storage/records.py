"""The values that cross rooms: one frozen dataclass for every kind of row.

Here belong records that a manifest stores or a reader yields, and nothing that acts. Every field
is ``Annotated[type, "what it means, with unit and range"]``: the text becomes the column's
documentation (`storage.manifests.columns`, `docs/manifests.md`). Records never gain fields later; a
new fact is a new record joined by id.
"""

from dataclasses import dataclass
from typing import Annotated


class Key:
    """Marks columns that name a row within a partition; the first column where none is marked."""


class Volatile:
    """Marks a column that may differ between equal runs (a duration): not in the fingerprint."""


class BlobRef:
    """Marks a column of SHA-256 names in the blob store: vacuum keeps what it names."""


class InnerPath:
    """Marks a column of file names relative to the data root, none of which may lead out of it."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One image of a data set, with the files that label it (paths relative to the data root)."""

    dataset: Annotated[str, "name of the data set in `storage.datasets`", Key]
    split: Annotated[str, "train, val or test, as the data set names it", Key]
    frame_id: Annotated[str, "unique within data set and split", Key]
    group: Annotated[str, "city, sequence or scene category; empty where there is none"]
    domain: Annotated[
        str, "covariate condition that the layout states (fog, night, ...); else empty"
    ]
    image: Annotated[str, "image file, relative to the data root, forward slashes", InnerPath]
    label: Annotated[
        str | None, "label file, relative to the data root; None where hidden", InnerPath
    ]
    instances: Annotated[
        str | None, "instance file or folder, relative; None where there is none", InnerPath
    ]
    coding: Annotated[str, "name of the label coding in `storage.datasets.codings`"]
    is_scored: Annotated[bool, "false for images whose labels are hidden: never score them"]


@dataclass(frozen=True, kw_only=True)
class GeneratedFrame(Frame):
    """One image of the published generated set, with what its file name states."""

    source_frame_id: Annotated[str, "Cityscapes frame whose label map it was generated from"]
    weather: Annotated[str | None, "clear, cloudy, rainy, snowy or foggy; None if not named"]
    time: Annotated[str | None, "day or night; None for the plain template"]
    place: Annotated[str | None, "city of the prompt; None for the plain template"]
    ood_class: Annotated[str, "class of the pasted object, as the file name spells it"]
    sam_iou: Annotated[float, "IoU of the object's SAM mask and the pasted mask, 0 to 1"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fact about a file that keeps it from being used, and what to do about it."""

    dataset: Annotated[str, "name of the data set in `storage.datasets`", Key]
    split: Annotated[str, "split of the file; empty where unknown", Key]
    path: Annotated[str, "file that is missing or wrong, relative to the data root", Key]
    fact: Annotated[str, "what was found, and what was expected", Key]
    cure: Annotated[str, "what the user can do"]


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """An item that a stage could not finish: a row with its reason, not a lost partition."""

    item: Annotated[str, "key of the item, unique within the partition"]
    status: Annotated[
        str, "'bad_input' (the file is at fault) or 'poisoned' (the item kills workers)"
    ]
    reason: Annotated[str, "one line: what was found, what was expected, what to do", Volatile]


@dataclass(frozen=True, kw_only=True)
class SourceObject:
    """One annotated object as its data set states it, before any quality rule."""

    dataset: Annotated[str, "name of the data set in `storage.datasets`", Key]
    split: Annotated[str, "split of the image", Key]
    image: Annotated[str, "image file, relative to the data root", InnerPath]
    image_id: Annotated[str, "image as the data set names it, unique within the split", Key]
    license: Annotated[str, "license or terms of the image"]
    instance_id: Annotated[
        str, "instance as the data set numbers it, or '<class>_<component>'", Key
    ]
    source_class: Annotated[str, "class as the data set names it"]
    class_id: Annotated[int, "ADE20K-150 class, 1 to 150; 0 where the source class has none"]
    is_instance: Annotated[bool, "false where the source has no instances (connected component)"]
    part_level: Annotated[int, "0 for whole objects, n for parts of parts of ... (n times)"]
    is_occluded: Annotated[bool | None, "as the data set states it; None where it does not"]
    is_cropped: Annotated[bool | None, "cut by the image border, as the data set states it"]
    is_crowd: Annotated[bool, "one annotation over many objects"]
    image_height_px: Annotated[int, "height of the image"]
    image_width_px: Annotated[int, "width of the image"]
    mask_rle: Annotated[bytes, "COCO compressed RLE of the visible mask at the size of the image"]


@dataclass(frozen=True, kw_only=True)
class OodObject:
    """One object cut from a source image, with the verdict of the quality rules."""

    object_id: Annotated[str, "`dataset/split/image id/instance id`, unique in the bank"]
    dataset: Annotated[str, "name of the data set in `storage.datasets`"]
    split: Annotated[str, "split of the source image"]
    source_image: Annotated[str, "source image, relative to the data root", InnerPath]
    source_sha256: Annotated[str, "SHA-256 of the source image file"]
    license: Annotated[str, "license of the source image"]
    instance_id: Annotated[str, "instance as the data set numbers it, or component number"]
    is_instance: Annotated[bool, "false where the source has no instances (connected component)"]
    source_class: Annotated[str, "class as the data set names it"]
    class_id: Annotated[int, "ADE20K-150 class, 1 to 150; 0 where the source class has none"]
    class_name: Annotated[str, "ADE20K-150 class name, or the source class where it has none"]
    image_height_px: Annotated[int, "height of the source image"]
    image_width_px: Annotated[int, "width of the source image"]
    mask_rle: Annotated[bytes, "COCO compressed RLE of the mask at the size of the source image"]
    box_x_px: Annotated[int, "left edge of the mask's box in the source image"]
    box_y_px: Annotated[int, "top edge of the mask's box"]
    box_width_px: Annotated[int, "width of the box"]
    box_height_px: Annotated[int, "height of the box"]
    area_px: Annotated[int, "pixels of the mask"]
    border_frac: Annotated[float, "share of the mask's outline on the image border, 0 to 1"]
    solidity: Annotated[float, "area over area of the convex hull, 0 to 1"]
    is_occluded: Annotated[bool | None, "as the data set states it; None where it does not"]
    is_cropped: Annotated[bool | None, "cut by the image border, as the data set states it"]
    crop_sha256: Annotated[
        str | None, "blob of the RGBA crop (PNG); None where none was cut", BlobRef
    ]
    appearance_hash: Annotated[str | None, "difference hash of the crop; None where none was cut"]
    verdict: Annotated[str, "'kept' or 'rejected'"]
    reason: Annotated[str | None, "rule that rejected it; None where kept"]


@dataclass(frozen=True, kw_only=True)
class ClassCount:
    """What the bank holds of one class of the chosen list; a class without objects is named too."""

    class_id: Annotated[int, "ADE20K-150 class, 1 to 150"]
    class_name: Annotated[str, "ADE20K-150 class name"]
    n_kept: Annotated[int, "objects kept"]
    n_rejected: Annotated[int, "objects rejected"]
    is_absent: Annotated[bool, "true where no source holds an object of the class"]
