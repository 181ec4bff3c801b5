"""Small streets and masks."""

import numpy as np
import pytest

from storage.records import OodObject

ROAD, SKY, CAR, SIDEWALK = 7, 23, 26, 8


@pytest.fixture
def street():
    """128x256: sky above row 60, sidewalk left and right of a road, a car on it."""
    label_ids = np.full((128, 256), SKY, np.uint8)
    label_ids[60:] = SIDEWALK
    label_ids[60:, 40:216] = ROAD
    label_ids[64:84, 100:130] = CAR
    return label_ids


@pytest.fixture
def make_object():
    """Kept objects that differ in id, class and picture."""

    def make(number: int, *, class_id: int = 20, class_name: str = "chair", image: str = "a.jpg"):
        return OodObject(
            object_id=f"ade20k/train/{number:04d}",
            dataset="ade20k",
            split="train",
            source_image=image,
            source_sha256="0" * 64,
            license="test",
            instance_id=str(number),
            is_instance=True,
            source_class=class_name,
            class_id=class_id,
            class_name=class_name,
            image_height_px=4,
            image_width_px=4,
            mask_rle=b"",
            box_x_px=0,
            box_y_px=0,
            box_width_px=2,
            box_height_px=2,
            area_px=4,
            border_frac=0.0,
            solidity=1.0,
            is_occluded=None,
            is_cropped=None,
            crop_sha256=None,
            appearance_hash=None,
            verdict="kept",
            reason=None,
        )

    return make
