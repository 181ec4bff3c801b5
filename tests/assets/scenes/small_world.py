"""Streets and a bank that are small enough to check by eye."""

import numpy as np

from storage.datasets.cityscapes import write_cityscapes_frame
from storage.records import OodObject
from storage.rle import encode_mask

ROAD, SKY, CAR = 7, 23, 26
CITIES = {"lisbon": 4, "oslo": 2}
CLASSES = {20: "chair", 42: "box", 38: "bathtub"}


def street(seed: int, *, has_road: bool = True):
    rng = np.random.default_rng(seed)
    label_ids = np.full((128, 256), SKY, np.uint8)
    label_ids[60:] = ROAD if has_road else 8
    left = int(rng.integers(20, 200))
    label_ids[62:80, left : left + 25] = CAR
    return label_ids


def write_frame(root, city, number, label_ids=None):
    label_ids = street(number) if label_ids is None else label_ids
    noise = np.random.default_rng(number).integers(0, 255, (*label_ids.shape, 3), np.uint8)
    write_cityscapes_frame(
        root / "cityscapes",
        split="train",
        name=f"{city}_{number:06d}_000019",
        image=noise,
        label_ids=label_ids,
    )


def bank_row(number: int, class_id: int, *, verdict: str = "kept", name: str | None = None):
    mask = np.zeros((60, 80), bool)
    mask[5 : 35 + number, 10 : 40 + number] = True
    mask[5:15, 10:18] = False
    return OodObject(
        object_id=f"ade20k/train/{number}",
        dataset="ade20k",
        split="train",
        source_image=f"{number}.jpg",
        source_sha256="0" * 64,
        license=f"license {number}",
        instance_id=str(number),
        is_instance=True,
        source_class=CLASSES[class_id],
        class_id=class_id,
        class_name=name or CLASSES[class_id],
        image_height_px=60,
        image_width_px=80,
        mask_rle=encode_mask(mask),
        box_x_px=10,
        box_y_px=5,
        box_width_px=30 + number,
        box_height_px=30 + number,
        area_px=int(mask.sum()),
        border_frac=0.0,
        solidity=1.0,
        is_occluded=None,
        is_cropped=None,
        crop_sha256=None,
        appearance_hash=None,
        verdict=verdict,
        reason=None if verdict == "kept" else "too_small",
    )


ROWS = [bank_row(1, 20), bank_row(2, 20), bank_row(3, 42), bank_row(4, 38, verdict="rejected")]


def commit_bank(resources, rows):
    resources["store"].open().manifests.commit("ood_objects", {"ood_objects": rows})
