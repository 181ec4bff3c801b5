"""SegmentMeIfYouCan: RoadAnomaly21 and RoadObstacle21.

Images whose name begins with ``validation`` come with labels; the labels of all others stay with
the benchmark. Those are listed as hidden and never scored: scoring them as if they were labeled
gives numbers near zero that look like a bad detector.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    findings_of,
    frames_of,
    locate_by,
)
from storage.images import write_photo, write_png

_LABEL_SUFFIX = "_labels_semantic.png"
_LABELED_PREFIX = "validation"
_SUFFIX_OF = {"road_anomaly_21": ".jpg", "road_obstacle_21": ".webp"}
_OFFICIAL_FOLDER = {
    "road_anomaly_21": "dataset_AnomalyTrack",
    "road_obstacle_21": "dataset_ObstacleTrack",
}
_TITLES = {"road_anomaly_21": "RoadAnomaly21", "road_obstacle_21": "RoadObstacle21"}


def _entries(folder: Path, *, suffix: str) -> Iterator[Entry]:
    photos = files_by_key(folder / "images", suffix)
    labels = files_by_key(folder / "labels_masks", _LABEL_SUFFIX)
    for name in sorted({*photos, *labels}):
        is_validation = name.startswith(_LABELED_PREFIX)
        yield Entry(
            split="val" if is_validation else "test",
            frame_id=name,
            group=re.sub(r"_?\d+$", "", name),
            image=folder / "images" / f"{name}{suffix}",
            has_image=name in photos,
            label=folder / "labels_masks" / f"{name}{_LABEL_SUFFIX}",
            has_label=name in labels,
            coding="ood_with_void",
            is_hidden=not is_validation and name not in labels,
            label_cure="fetch the labels of the validation images, which come with the track",
        )


def _holds(folder: Path, *, name: str) -> bool:
    if not (folder / "images").is_dir():
        return False
    if not files_by_key(folder / "images", _SUFFIX_OF[name]):
        return False
    return folder.name == _OFFICIAL_FOLDER[name] or bool(
        files_by_key(folder / "labels_masks", _LABEL_SUFFIX)
    )


def _track(name: str, *, is_documented_only: bool) -> Dataset:
    suffix = _SUFFIX_OF[name]
    entries: Callable[[Path], Iterator[Entry]] = partial(_entries, suffix=suffix)
    return Dataset(
        name=name,
        title=_TITLES[name],
        kinds=("ood",),
        url="https://segmentmeifyoucan.com/datasets",
        license="research use; pictures from the web under their own terms (image-sources.txt)",
        layout=f"images/<name>{suffix}\nlabels_masks/<name>_labels_semantic.png  (validation only)",
        is_documented_only=is_documented_only,
        locate=locate_by(partial(_holds, name=name), _OFFICIAL_FOLDER[name]),
        frames=frames_of(name, entries),
        findings=findings_of(name, entries),
    )


ROAD_ANOMALY_21 = _track("road_anomaly_21", is_documented_only=True)
ROAD_OBSTACLE_21 = _track("road_obstacle_21", is_documented_only=False)


def write_smiyc_frame(
    folder: Path,
    *,
    track: str,
    name: str,
    image: UInt8[np.ndarray, "height width 3"],
    ood: UInt8[np.ndarray, "height width"] | None,
) -> None:
    """Write a frame of ``road_anomaly_21`` (.jpg) or ``road_obstacle_21`` (.webp).

    ``ood`` holds 0, 1 and 255; None leaves the frame a hidden test image.

    Raises:
        ValueError: if the track is unknown, sizes differ, a value is another, or a validation image
            has no label.
    """
    if track not in _SUFFIX_OF:
        raise ValueError(f"need a track of {sorted(_SUFFIX_OF)}, got {track!r}")
    if ood is None and name.startswith(_LABELED_PREFIX):
        raise ValueError(f"need a label for the validation image {name}, got None")
    if ood is not None:
        if image.shape[:2] != ood.shape:
            raise ValueError(f"need one size for {name}, got {image.shape} and {ood.shape}")
        check_values(CODINGS["ood_with_void"], ood, path=name)
        write_png(folder / "labels_masks" / f"{name}{_LABEL_SUFFIX}", ood)
    write_photo(folder / "images" / f"{name}{_SUFFIX_OF[track]}", image)
