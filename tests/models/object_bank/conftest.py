"""One kept object, to vary."""

import pytest

from storage.records import OodObject


@pytest.fixture
def kept_object() -> OodObject:
    return OodObject(
        object_id="ade20k/a/1",
        dataset="ade20k",
        split="train",
        source_image="ADE20K/images/a.jpg",
        source_sha256="0" * 64,
        license="test",
        instance_id="1",
        is_instance=True,
        source_class="chair",
        class_id=20,
        class_name="chair",
        image_height_px=100,
        image_width_px=200,
        mask_rle=b"",
        box_x_px=20,
        box_y_px=10,
        box_width_px=40,
        box_height_px=30,
        area_px=800,
        border_frac=0.0,
        solidity=0.9,
        is_occluded=None,
        is_cropped=None,
        crop_sha256="1" * 64,
        appearance_hash="f" * 35,
        verdict="kept",
        reason=None,
    )
