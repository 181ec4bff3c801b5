"""Rendered scenes as the object data sets hold them: ADE20K in both forms, and COCO."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, UInt8

from models.miniature import IndoorScene, PlacedObject, Scene
from models.miniature.plan import PlannedFrame
from storage.datasets.ade20k_challenge import write_challenge_image
from storage.datasets.ade20k_write import DrawnObject, write_ade20k_image
from storage.datasets.coco_write import DrawnAnnotation, DrawnImage, write_coco
from storage.datasets.source_classes import fine_name_of
from storage.label_space import ADE_CLASSES, read_table

RenderedScene: TypeAlias = Scene | IndoorScene
Mask: TypeAlias = Bool[np.ndarray, "height width"]

LICENSE_NAME = "Apache License 2.0, rendered by multishift"
LICENSE_URL = "https://www.apache.org/licenses/LICENSE-2.0"

_FIRST_VAL_IMAGE = 500_000
_COCO_OF_CITYSCAPES = {
    24: "person", 25: "person", 26: "car", 27: "truck", 28: "bus", 31: "train",
    32: "motorcycle", 33: "bicycle",
}  # fmt: skip


def write_object_image(root: Path, frame: PlannedFrame, scene: RenderedScene) -> str:
    """Write a scene as an image of either form of ADE20K; gives its frame id."""
    name = f"ADE_{frame.split}_{frame.index + 1:08d}"
    if frame.dataset == "ade20k":
        is_room = isinstance(scene, IndoorScene)
        write_ade20k_image(
            root / "ade20k" / "ADE20K_2021_17_01",
            split=frame.split,
            scene="home_or_hotel/living_room" if is_room else "urban/street",
            image_id=name,
            image=scene.image,
            objects=[*_surroundings(scene), *map(_drawn, _visible(scene))],
        )
    else:
        write_challenge_image(
            root / "ade20k" / "ADEChallengeData2016",
            split=frame.split,
            image_id=name,
            image=scene.image,
            class_ids=_class_map(scene),
        )
    return name


def write_coco_split(root: Path, split: str, scenes: Sequence[RenderedScene]) -> list[str]:
    """Write all scenes of a COCO split with their one JSON file; gives the frame ids."""
    first = _FIRST_VAL_IMAGE if split == "val" else 1
    images = [
        DrawnImage(
            image_id=first + number, image=scene.image, annotations=tuple(_annotations(scene))
        )
        for number, scene in enumerate(scenes)
    ]
    write_coco(
        root / "coco", split=split, images=images,
        license_name=LICENSE_NAME, license_url=LICENSE_URL,
    )  # fmt: skip
    return [f"{image.image_id:012d}" for image in images]


def _visible(scene: RenderedScene) -> list[PlacedObject]:
    """Objects with a pixel left: one in a crowded room may stand wholly behind another."""
    return [placed for placed in scene.objects if placed.mask.any()]


def _surroundings(scene: RenderedScene) -> Iterator[DrawnObject]:
    """Everything but the OOD objects, each region or instance under its ADE20K name."""
    for class_id, mask in _regions(scene):
        yield DrawnObject(name=fine_name_of(class_id), mask=mask)


def _regions(scene: RenderedScene) -> Iterator[tuple[int, Mask]]:
    if isinstance(scene, IndoorScene):
        for name, mask in scene.regions:
            if mask.any():
                yield _ade_ids()[name], mask
        return
    for instance in np.unique(scene.instance_ids).tolist():
        label_id = instance // 1000 if instance >= 1000 else instance
        class_id = _ade_of_cityscapes().get(label_id, 0)
        if class_id:
            yield class_id, scene.instance_ids == instance


def _drawn(placed: PlacedObject) -> DrawnObject:
    return DrawnObject(
        name=fine_name_of(_ade_ids()[placed.kind]),
        mask=placed.mask,
        parts=tuple(_parts(placed)),
        is_occluded=placed.is_occluded,
        is_cropped=placed.is_cropped,
    )


def _parts(placed: PlacedObject) -> Iterator[DrawnObject]:
    """Parts that the release has a name for."""
    for name, mask in placed.parts:
        if mask.any() and name in _part_indices():
            yield DrawnObject(name=name, mask=mask, class_index=_part_indices()[name])


def _class_map(scene: RenderedScene) -> UInt8[np.ndarray, "height width"]:
    class_ids = np.zeros(scene.image.shape[:2], np.uint8)
    for class_id, mask in _regions(scene):
        class_ids[mask] = class_id
    for placed in _visible(scene):
        class_ids[placed.mask] = _ade_ids()[placed.kind]
    return class_ids


def _annotations(scene: RenderedScene) -> Iterator[DrawnAnnotation]:
    for placed in _visible(scene):
        yield DrawnAnnotation(category=_coco_of_ade()[_ade_ids()[placed.kind]], mask=placed.mask)
    if isinstance(scene, Scene):
        for instance in np.unique(scene.instance_ids).tolist():
            category = _COCO_OF_CITYSCAPES.get(instance // 1000)
            if category:
                yield DrawnAnnotation(category=category, mask=scene.instance_ids == instance)


@cache
def _ade_ids() -> dict[str, int]:
    return {entry.name: entry.class_id for entry in ADE_CLASSES}


@cache
def _ade_of_cityscapes() -> dict[int, int]:
    rows = read_table("cityscapes_to_ade20k")
    # The paper's table lets a train be drawn as a bus; an annotation must not call it one.
    return {int(r["label_id"]): int(r["class_id"]) for r in rows if r["name"] != "train"}


@cache
def _coco_of_ade() -> dict[int, str]:
    return {int(r["class_id"]): r["coco_name"] for r in reversed(read_table("coco_to_ade20k_150"))}


@cache
def _part_indices() -> dict[str, int]:
    rows = read_table("ade20k_parts")
    return {row["fine_name"]: int(row["fine_index_2016"]) for row in rows}
