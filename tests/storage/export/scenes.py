"""Labelled scenes in a store, small enough to make in a moment."""

import numpy as np

from storage.png import png_bytes
from storage.rle import encode_mask
from storage.scene_records import LabelledScene
from storage.store import open_store

SIZE = (32, 64)
APACHE = "Apache-2.0 (rendered by multishift)"
CITYSCAPES = "own terms: non-commercial research and teaching, no redistribution"


def box(top, left, height, width, size=SIZE):
    mask = np.zeros(size, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def pictures(number, masks, size=SIZE):
    """Image, label, layout and layout with SAM's masks."""
    rng = np.random.default_rng(number)
    image = rng.integers(0, 255, (*size, 3), np.uint8)
    label = np.zeros(size, np.uint8)
    label[: size[0] // 2] = 10
    label[0, :5] = 255
    layout = np.repeat((label * 5)[..., None], 3, axis=2)
    found = layout.copy()
    for mask in masks:
        label[mask] = 254
        layout[mask] = (120, 10, 10)
        found[mask] = 254
    return image, label, layout, found


def put(store, number, masks, size=SIZE, text=None):
    image, label, layout, found = pictures(number, masks, size)
    counts = {
        "height_px": size[0],
        "width_px": size[1],
        "n_ood_px": int((label == 254).sum()),
        "n_void_px": int((label == 255).sum()),
    }
    if store is None:
        names = ("image_sha256", "label_sha256", "layout_sha256", "sam_layout_sha256")
        return {**dict.fromkeys(names, "0" * 64), **counts}
    image_sha256 = store.blobs.put(png_bytes(image, text or {"multishift seed": "7"}), ".png")
    return {
        "image_sha256": image_sha256,
        "label_sha256": store.blobs.put_image(label),
        "layout_sha256": store.blobs.put_image(layout),
        "sam_layout_sha256": store.blobs.put_image(found),
        **counts,
    }


def scene(store, number=0, *, masks=None, size=SIZE, **changes):
    """One row; its blobs are in the store, or nowhere where that is None."""
    masks = [box(20, 10 + number % 4, 8, 12, size)] if masks is None else masks
    frame_id = changes.pop("frame_id", f"lisbon_{number:06d}_000019")
    city = frame_id.split("_")[0]
    facts = {
        "round": "round-1",
        "frame_id": frame_id,
        "variant": 0,
        "city": city,
        "attempt": 1,
        **put(store, number, masks, size),
        "object_ids": tuple(f"ade20k/train/{n}" for n in range(len(masks))),
        "object_class_ids": (38,) * len(masks),
        "object_class_names": ("bathtub",) * len(masks),
        "object_mask_rles": tuple(map(encode_mask, masks)),
        "object_ious": (0.87,) * len(masks),
        "prompt": "a street, There is a bathtub",
        "place": "New York City",
        "weather": "rainy",
        "time": "night",
        "seed": 2**40 + number,
        "generator": "miniature@0123456789abcdef",
        "profile_id": "p1",
        "source_image": f"cityscapes/leftImg8bit/train/{city}/{frame_id}_leftImg8bit.png",
        "source_label": f"cityscapes/gtFine/train/{city}/{frame_id}_gtFine_labelIds.png",
        "licenses": (APACHE, APACHE),
    }
    return LabelledScene(**{**facts, **changes})


def commit(store, rows, *, asset="labelled_scenes", **origin):
    """Commit rows in the partitions that they belong to."""
    parts = {}
    for row in rows:
        key = row.round if asset == "imported_scenes" else f"{row.city}|{row.round}"
        parts.setdefault(key, []).append(row)
    for key, some in parts.items():
        store.manifests.commit(
            asset, {"labelled_scenes": some, "quarantine": []}, partition=key, **origin
        )


def new_store(folder):
    return open_store(folder)
