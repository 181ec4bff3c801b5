"""One rendered street scene into the layout of each driving data set, with its label coding."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, UInt8

from models.miniature import OBJECT_KINDS, Scene
from models.miniature.plan import PlannedFrame
from storage.datasets.acdc import write_acdc_frame
from storage.datasets.acdc_poc import write_acdc_poc_frame
from storage.datasets.cityscapes import to_train_ids, write_cityscapes_frame
from storage.datasets.fishyscapes import write_fishyscapes_frame
from storage.datasets.muad import write_muad_frame
from storage.datasets.road_anomaly import write_road_anomaly_frame
from storage.datasets.smiyc import write_smiyc_frame
from storage.label_space import VOID_ID

Map: TypeAlias = UInt8[np.ndarray, "height width"]

_ROAD = 7
_MUAD_OOD = (19, 20)
_POC_FIRST_OOD = 100
_KIND_NUMBER = {kind.name: number for number, kind in enumerate(OBJECT_KINDS)}


def write_street(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    """Write a scene where its data set expects it; gives the frame id that the reader will list.

    Raises:
        KeyError: if the frame belongs to no driving data set.
    """
    return _WRITERS[frame.dataset](root, frame, scene)


def _ood_mask(scene: Scene) -> Bool[np.ndarray, "height width"]:
    masks = [placed.mask for placed in scene.objects]
    return np.any(masks, axis=0) if masks else np.zeros(scene.label_ids.shape, bool)


def _ood_map(scene: Scene, *, scored: Bool[np.ndarray, "height width"] | None = None) -> Map:
    """0 known, 1 OOD, 255 not scored; without ``scored`` void pixels alone are not."""
    ood = _ood_mask(scene)
    if scored is None:
        scored = to_train_ids(scene.label_ids) != VOID_ID
    return np.where(ood, 1, np.where(scored, 0, VOID_ID)).astype(np.uint8)


def _paint_objects(label: Map, scene: Scene, value: Callable[[str], int]) -> Map:
    painted = label.copy()
    for placed in scene.objects:
        painted[placed.mask] = value(placed.kind)
    return painted


def _write_cityscapes(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    # The digits after the index are those of every Cityscapes frame: the 20th of its snippet.
    name = f"{scene.spec.place}_{frame.index:06d}_000019"
    write_cityscapes_frame(
        root / "cityscapes",
        split=frame.split,
        name=name,
        image=scene.image,
        label_ids=scene.label_ids,
        instance_ids=scene.instance_ids.astype(np.uint16),
    )
    return name


def _write_road_anomaly(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    ood = _ood_mask(scene).astype(np.uint8)
    name = str(frame.index)
    write_road_anomaly_frame(root / "road_anomaly", name=name, image=scene.image, ood=ood)
    return name


def _write_anomaly_track(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    is_hidden = frame.split == "test"
    name = f"{'scene' if is_hidden else 'validation'}{frame.index:04d}"
    write_smiyc_frame(
        root / "dataset_AnomalyTrack",
        track=frame.dataset,
        name=name,
        image=scene.image,
        ood=None if is_hidden else _ood_map(scene),
    )
    return name


def _write_obstacle_track(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    # The track asks for obstacles on the road: everything beside it is not scored.
    is_hidden = frame.split == "test"
    name = f"{'street' if is_hidden else 'validation'}_{frame.index + 1}"
    write_smiyc_frame(
        root / "dataset_ObstacleTrack",
        track=frame.dataset,
        name=name,
        image=scene.image,
        ood=None if is_hidden else _ood_map(scene, scored=scene.label_ids == _ROAD),
    )
    return name


def _write_fishyscapes(folder: str) -> Callable[[Path, PlannedFrame, Scene], str]:
    def write(root: Path, frame: PlannedFrame, scene: Scene) -> str:
        name = f"{frame.index:04d}_{scene.spec.place}"
        write_fishyscapes_frame(root / folder, name=name, image=scene.image, ood=_ood_map(scene))
        return name

    return write


def _write_muad(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    name = f"{frame.index:06d}"
    label = _paint_objects(
        to_train_ids(scene.label_ids), scene, lambda kind: _MUAD_OOD[_KIND_NUMBER[kind] % 2]
    )
    folder = root / "MUAD_challenge" / "test_sets" / "test_OOD"
    write_muad_frame(folder, name=name, image=scene.image, label=label)
    return name


def _write_acdc_poc(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    painted = "_".join(scene.spec.object_kinds).replace(" ", "-")
    name = f"GOPR{frame.index % 2:04d}_frame_{frame.index:06d}_rgb_anon_{painted}"
    label = _paint_objects(scene.label_ids, scene, lambda kind: _POC_FIRST_OOD + _KIND_NUMBER[kind])
    write_acdc_poc_frame(
        root / "acdc_poc",
        domain=frame.domain,
        name=name,
        image=scene.image,
        label_ids=label,
        is_npz=frame.index % 2 == 1,
    )
    return f"{frame.domain}/{name}"


def _write_acdc(root: Path, frame: PlannedFrame, scene: Scene) -> str:
    name = f"GOPR{frame.index % 2:04d}_frame_{frame.index:06d}"
    write_acdc_frame(
        root / "acdc",
        domain=frame.domain,
        split=frame.split,
        name=name,
        image=scene.image,
        label_ids=scene.label_ids,
    )
    return f"{frame.domain}/{name}"


_WRITERS: dict[str, Callable[[Path, PlannedFrame, Scene], str]] = {
    "cityscapes": _write_cityscapes,
    "road_anomaly": _write_road_anomaly,
    "road_anomaly_21": _write_anomaly_track,
    "road_obstacle_21": _write_obstacle_track,
    "fishyscapes_lost_and_found": _write_fishyscapes("fs_LostAndFound"),
    "fishyscapes_static": _write_fishyscapes("fs_static"),
    "muad": _write_muad,
    "acdc_poc": _write_acdc_poc,
    "acdc": _write_acdc,
}
