"""The files of one scene: taken from the blobs, checked, and brought to the size that is wanted."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from storage.blobs import BlobStore
from storage.datasets.codings import CODINGS, check_values
from storage.export.plan import ExportError, PlannedFile, PlannedScene
from storage.label_space import OOD_ID, VOID_ID
from storage.png import png_bytes, png_text

CODING = "train_ids_with_ood"

_MODES = {"image": "RGB", "label": "L", "sam_layout": "RGB", "layout": "RGB"}
_SMOOTH, _SHARP = Image.Resampling.BILINEAR, Image.Resampling.NEAREST


@dataclass(frozen=True, kw_only=True, eq=False)
class ScenePictures:
    """PNG files by path below the export, and what the label of this size counts."""

    files: Mapping[str, bytes]
    n_ood_px: int
    n_void_px: int


def scene_pictures(scene: PlannedScene, blobs: BlobStore) -> ScenePictures:
    """Files of a scene: byte for byte those of the store where the size stays.

    Otherwise the image is resized bilinearly, as in the published set, with its PNG text kept, and
    label and layouts by nearest pixels.

    Raises:
        ExportError: if a picture is missing, damaged, or not what its row says.
    """
    files: dict[str, bytes] = {}
    counts = (0, 0)
    for file in scene.files:
        content = _resized(_checked(file, scene, blobs), file.kind, scene)
        if file.kind == "label":
            counts = _counts(content, scene)
        files[file.path] = content
    return ScenePictures(files=files, n_ood_px=counts[0], n_void_px=counts[1])


def _checked(file: PlannedFile, scene: PlannedScene, blobs: BlobStore) -> bytes:
    """Bytes of a blob that is a PNG of the right mode and of the size that the row states."""
    row = scene.row
    try:
        content = blobs.get(file.blob)
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            found = (picture.mode, picture.height, picture.width)
    except (OSError, ValueError, SyntaxError) as error:
        raise _unusable(file.kind, scene, str(error)) from error
    if found != (_MODES[file.kind], row.height_px, row.width_px):
        expected = f"{_MODES[file.kind]} {row.width_px}x{row.height_px}"
        fact = f"need a PNG of {expected}, got {found[0]} {found[2]}x{found[1]}"
        raise _unusable(file.kind, scene, fact)
    return content


def _resized(content: bytes, kind: str, scene: PlannedScene) -> bytes:
    height, width = scene.size
    if scene.size == (scene.row.height_px, scene.row.width_px):
        return content
    with Image.open(io.BytesIO(content)) as picture:
        resized = picture.resize((width, height), _SMOOTH if kind == "image" else _SHARP)
    return png_bytes(np.asarray(resized), png_text(content))


def _counts(content: bytes, scene: PlannedScene) -> tuple[int, int]:
    """Pixels of unknown objects and of void in a label whose values are all of the coding."""
    with Image.open(io.BytesIO(content)) as picture:
        try:
            label: UInt8[np.ndarray, "height width"] = np.asarray(picture)
            check_values(CODINGS[CODING], label, path=scene.name)
        except (OSError, ValueError, SyntaxError) as error:
            raise _unusable("label", scene, str(error)) from error
    return int((label == OOD_ID).sum()), int((label == VOID_ID).sum())


def _unusable(kind: str, scene: PlannedScene, fact: str) -> ExportError:
    again = "import the set again" if scene.row.attempt is None else "materialize its city again"
    return ExportError(
        f"{scene.title}: its {kind.replace('_', ' ')} cannot be exported ({fact}); nothing was "
        f"exported. Put it right ({again}), or leave it out with --round or --city"
    )
