"""RoadAnomaly (2019): the original release and the processed form that later work passes on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.codings import CODINGS, OOD_YES, check_values
from storage.datasets.dataset import Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    findings_of,
    frames_of,
    locate_by,
    subfolders,
)
from storage.images import write_photo, write_png

NAME = "road_anomaly"
_LABEL_NAME = "labels_semantic.png"


def _entries(folder: Path) -> Iterator[Entry]:
    if (folder / "frames").is_dir():
        yield from _original(folder / "frames")
    else:
        yield from _processed(folder)


def _original(frames: Path) -> Iterator[Entry]:
    photos = files_by_key(frames, ".jpg")
    labels = {
        path.name.removesuffix(".labels"): path / _LABEL_NAME
        for path in subfolders(frames)
        if path.name.endswith(".labels") and (path / _LABEL_NAME).is_file()
    }
    for name in _numeric_order({*photos, *labels}):
        yield Entry(
            split="test",
            frame_id=name,
            image=frames / f"{name}.jpg",
            has_image=name in photos,
            label=frames / f"{name}.labels" / _LABEL_NAME,
            has_label=name in labels,
            coding="road_anomaly_original",
        )


def _processed(folder: Path) -> Iterator[Entry]:
    photos = files_by_key(folder / "original", ".jpg", ".png")
    labels = files_by_key(folder / "labels", ".png")
    for name in _numeric_order({*photos, *labels}):
        yield Entry(
            split="test",
            frame_id=name,
            image=photos.get(name, folder / "original" / f"{name}.jpg"),
            has_image=name in photos,
            label=folder / "labels" / f"{name}.png",
            has_label=name in labels,
            coding="road_anomaly_processed",
        )


def _numeric_order(names: set[str]) -> list[str]:
    return sorted(names, key=lambda name: (not name.isdecimal(), name.zfill(12)))


def _holds(folder: Path) -> bool:
    if any(path.name.endswith(".labels") for path in subfolders(folder / "frames")):
        return True
    plain_name = folder.name.lower().replace("_", "")
    return plain_name.startswith("roadanomaly") and all(
        (folder / part).is_dir() for part in ("original", "labels")
    )


ROAD_ANOMALY = Dataset(
    name=NAME,
    title="RoadAnomaly",
    kinds=("ood",),
    url="https://www.epfl.ch/labs/cvlab/data/road-anomaly",
    license="pictures from the web: research use, each under its own terms",
    layout="frames/<n>.jpg\nframes/<n>.labels/labels_semantic.png  (0 known, 2 unknown)\n"
    "or  original/<n>.jpg\n    labels/<n>.png  (0 known, 1 unknown)",
    is_documented_only=False,
    locate=locate_by(_holds, "road_anomaly", "RoadAnomaly", "RoadAnomaly_jpg"),
    frames=frames_of(NAME, _entries),
    findings=findings_of(NAME, _entries),
)


def write_road_anomaly_frame(
    folder: Path,
    *,
    name: str,
    image: UInt8[np.ndarray, "height width 3"],
    ood: UInt8[np.ndarray, "height width"],
    is_original: bool = True,
) -> None:
    """Write a frame in the original layout (labels 0 and 2), or in the processed one (0 and 1).

    Raises:
        ValueError: if sizes differ or ``ood`` holds more than 0 and 1: the codings have no void.
    """
    if image.shape[:2] != ood.shape:
        raise ValueError(f"need one size for {name}, got {image.shape} and {ood.shape}")
    check_values(CODINGS["road_anomaly_processed"], ood, path=name)
    if is_original:
        frames = folder / "frames"
        original = np.where(ood == OOD_YES, 2, 0).astype(np.uint8)
        write_png(frames / f"{name}.labels" / _LABEL_NAME, original)
        write_photo(frames / f"{name}.jpg", image)
    else:
        write_png(folder / "labels" / f"{name}.png", ood)
        write_photo(folder / "original" / f"{name}.jpg", image)
