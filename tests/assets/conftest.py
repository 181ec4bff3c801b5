"""A small data root in the official layouts, and the resources that an asset asks for."""

from pathlib import Path

import numpy as np
import pytest

from assets.engine.resource import Engine
from assets.resources import DataRoot, ManifestStore
from storage.datasets.ade20k_challenge import write_challenge_image
from storage.datasets.ade20k_write import DrawnObject, write_ade20k_image
from storage.datasets.coco_write import DrawnAnnotation, DrawnImage, write_coco
from storage.datasets.source_classes import fine_name_of

SIZE = (240, 320)
CHAIR, SOFA, WALL = 20, 24, 1


def box_mask(top, left, height, width):
    mask = np.zeros(SIZE, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def noise_image(seed):
    return np.random.default_rng(seed).integers(0, 255, (*SIZE, 3), np.uint8)


def write_ade(root: Path, number: int, **changes) -> None:
    """One image with a wall, a good chair, a small chair and an occluded sofa."""
    chair = {"mask": box_mask(20, 30, 110, 90), "is_occluded": False, **changes}
    objects = [
        DrawnObject(name=fine_name_of(WALL), mask=box_mask(0, 0, 15, 320)),
        DrawnObject(name=fine_name_of(CHAIR), **chair),
        DrawnObject(name=fine_name_of(CHAIR), mask=box_mask(20, 200, 8, 9)),
        DrawnObject(name=fine_name_of(SOFA), mask=box_mask(140, 60, 90, 100), is_occluded=True),
    ]
    write_ade20k_image(
        root / "ade20k" / "ADE20K_2021_17_01",
        split="train",
        scene="home_or_hotel/living_room",
        image_id=f"ADE_train_{number:08d}",
        image=noise_image(number),
        objects=objects,
    )


@pytest.fixture
def data_root(tmp_path):
    """Three images of ADE20K, the first again in its 150-class form, and two of COCO."""
    root = tmp_path / "data"
    for number in (1, 2, 3):
        write_ade(root, number)
    class_ids = np.where(box_mask(20, 30, 110, 90), CHAIR, 0).astype(np.uint8)
    write_challenge_image(
        root / "ade20k" / "ADEChallengeData2016",
        split="train",
        image_id="ADE_train_00000001",
        image=noise_image(1),
        class_ids=class_ids,
    )
    images = [
        DrawnImage(
            image_id=number,
            image=noise_image(100 + number),
            annotations=(
                DrawnAnnotation(category="chair", mask=box_mask(30, 40, 100, 80)),
                DrawnAnnotation(category="person", mask=box_mask(30, 200, 100, 40)),
                DrawnAnnotation(category="chair", mask=box_mask(150, 0, 80, 80)),
                DrawnAnnotation(category="couch", mask=box_mask(150, 100, 80, 80), is_crowd=True),
            ),
        )
        for number in (1, 2)
    ]
    write_coco(root / "coco", split="train", images=images, license_name="test", license_url="test")
    return root


@pytest.fixture
def resources(tmp_path, data_root):
    return {
        "store": ManifestStore(root=str(tmp_path / "store")),
        "data": DataRoot(path=str(data_root)),
        "engine": Engine(mode="inline"),
    }
