"""One item of an import: read the files of a scene, check them, store them, describe them.

Runs on workers; a pure function of its item, except that pictures go to the blob store.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Integer, UInt8
from PIL import Image

from assets.worker_store import store_of_item
from storage.blobs import BlobStore
from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import BadFileError
from storage.datasets.generated import LABEL_SUFFIX, LAYOUT_SUFFIX, SAM_LAYOUT_SUFFIX
from storage.export.scene_table import StatedFacts
from storage.images import read_color_map, read_image, read_label
from storage.label_space import ADE_CLASSES, OOD_ID, VOID_ID
from storage.records import GeneratedFrame
from storage.rle import encode_mask
from storage.scene_records import LabelledScene

_CLASS_IDS = {ade_class.name: ade_class.class_id for ade_class in ADE_CLASSES}


@dataclass(frozen=True, kw_only=True)
class ImportItem:
    """One scene to import: everything that a worker needs to know.

    ``stated`` is what an export of ours says of the scene; None where only its name is known.
    """

    name: str
    frame: GeneratedFrame
    variant: int
    folder: str
    store_root: str
    single_writer: bool
    source_image: str
    source_label: str
    stated: StatedFacts | None
    license: str


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pictures:
    """The label of a scene, and the blobs of all its pictures."""

    label: UInt8[np.ndarray, "height width"]
    image_sha256: str
    label_sha256: str
    layout_sha256: str | None
    sam_layout_sha256: str | None


def import_key(item: ImportItem) -> str:
    """Key of an item: split and name."""
    return f"{item.frame.split}/{item.frame.frame_id}"


def import_scene(item: ImportItem) -> LabelledScene:
    """Row of a scene, after storing its pictures.

    Raises:
        BadFileError: if a file cannot be decoded, sizes differ, or a label leaves its coding.
    """
    folder = Path(item.folder)
    try:
        pictures = _read(item, folder, store_of_item(item.store_root, item.single_writer).blobs)
    except BadFileError as error:
        # Rows name files below the set, so that they stay the same when it is moved.
        path = Path(error.path)
        shown = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else error.path
        raise BadFileError(shown, error.fact, error.cure) from error
    return _describe(item, pictures)


def _read(item: ImportItem, folder: Path, blobs: BlobStore) -> _Pictures:
    image_path, label_path = folder / item.frame.image, folder / str(item.frame.label)
    image = read_image(image_path)
    label = _checked_label(label_path, read_label(label_path), image)
    return _Pictures(
        label=label,
        image_sha256=_stored(image_path, image, blobs),
        label_sha256=_stored(label_path, label, blobs),
        layout_sha256=_layout(label_path, LAYOUT_SUFFIX, image, blobs),
        sam_layout_sha256=_layout(label_path, SAM_LAYOUT_SUFFIX, image, blobs),
    )


def _checked_label(
    path: Path,
    label: Integer[np.ndarray, "label_height label_width"],
    image: UInt8[np.ndarray, "height width 3"],
) -> UInt8[np.ndarray, "label_height label_width"]:
    _refuse_other_size(path, label.shape, image)
    check_values(CODINGS["train_ids_with_ood"], label, path=path)
    return label.astype(np.uint8)


def _layout(
    label_path: Path,
    suffix: str,
    image: UInt8[np.ndarray, "height width 3"],
    blobs: BlobStore,
) -> str | None:
    """Blob of a layout, which a set may lack."""
    path = label_path.with_name(label_path.name.removesuffix(LABEL_SUFFIX) + suffix)
    if not path.is_file():
        return None
    layout = read_color_map(path)
    _refuse_other_size(path, layout.shape[:2], image)
    return _stored(path, layout, blobs)


def _refuse_other_size(
    path: Path, size: tuple[int, ...], image: UInt8[np.ndarray, "height width 3"]
) -> None:
    height, width = image.shape[:2]
    if size != (height, width):
        fact = f"need the size of its image, {width}x{height}, got {size[1]}x{size[0]}"
        layouts = "; layouts may also be left out" if not path.name.endswith(LABEL_SUFFIX) else ""
        raise BadFileError(path, fact, f"fetch both files again, from one release{layouts}")


def _stored(
    path: Path,
    pixels: UInt8[np.ndarray, "height width"] | UInt8[np.ndarray, "height width 3"],
    blobs: BlobStore,
) -> str:
    """Blob of a picture: the file's own bytes where they are a PNG of the mode that rows promise.

    So text in the file survives, and an export gives the same bytes again.
    """
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        is_promised = (picture.format, picture.mode) == ("PNG", "L" if pixels.ndim == 2 else "RGB")
    return blobs.put(content, ".png") if is_promised else blobs.put_image(pixels)


def _describe(item: ImportItem, pictures: _Pictures) -> LabelledScene:
    frame, label = item.frame, pictures.label
    known = item.stated or _from_name(item)
    is_ood = label == OOD_ID
    return LabelledScene(
        round=item.name,
        frame_id=frame.source_frame_id,
        variant=item.variant,
        city=frame.source_frame_id.partition("_")[0],
        attempt=None,
        image_sha256=pictures.image_sha256,
        label_sha256=pictures.label_sha256,
        layout_sha256=pictures.layout_sha256,
        sam_layout_sha256=pictures.sam_layout_sha256,
        height_px=label.shape[0],
        width_px=label.shape[1],
        object_ids=(),
        object_class_ids=(_CLASS_IDS.get(frame.ood_class, 0),),
        object_class_names=(frame.ood_class,),
        object_mask_rles=(encode_mask(is_ood),),
        object_ious=(frame.sam_iou,),
        prompt=known.prompt,
        place=known.place,
        weather=known.weather,
        time=known.time,
        seed=known.seed,
        generator=item.name,
        profile_id=None,
        source_image=item.source_image,
        source_label=item.source_label,
        licenses=known.licenses,
        n_ood_px=int(is_ood.sum()),
        n_void_px=int((label == VOID_ID).sum()),
    )


def _from_name(item: ImportItem) -> StatedFacts:
    frame = item.frame
    return StatedFacts(
        prompt=None,
        place=frame.place,
        weather=frame.weather,
        time=frame.time,
        seed=None,
        licenses=(item.license,),
    )
