"""Drawn scenes as `synthetic_scenes` would commit them, small enough to check pixel by pixel."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from models.scenes import PastedObject, resize_mask, resize_nearest, scene_layout
from models.seeding import derive_seed
from storage.datasets.cityscapes import write_cityscapes_frame
from storage.images import file_sha256
from storage.png import png_bytes
from storage.rle import encode_mask
from storage.scene_records import ObjectAttempt, SceneAttempt, SceneRequest

FRAME, PICTURE = (48, 96), (32, 64)
CITY, ROUND = "lisbon", "round-1"
PARTITION = f"{CITY}|{ROUND}"
SKY, ROAD, TRAIN, UNLABELED = 23, 7, 31, 0
CLASSES = {0: (20, "chair"), 1: (42, "box")}
GENERATOR = {
    "generator": "tiny@0123",
    "generator_license": "license of the generator",
    "threshold/min_iou": "0.7",
    "threshold/min_ood_score": "0.0",
    "threshold/min_layout_agreement": "null",
}


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One drawn picture: which, how it scored, and whether it was kept."""

    number: int = 0
    variant: int = 0
    attempt: int = 0
    ious: tuple[float, ...] = (0.9,)
    oods: tuple[float | None, ...] = (1.0,)
    agreement: float | None = 0.8
    has_image: bool = True


def street(number: int):
    """Sky over road, a strip without label, a train; a column of pixels tells the frame."""
    label_ids = np.full(FRAME, SKY, np.uint8)
    label_ids[20:] = ROAD
    label_ids[-3:] = UNLABELED
    label_ids[22:30, 5:25] = TRAIN
    label_ids[10 + number % 10, :] = 11
    return label_ids


def write_street(root, number, label_ids=None):
    noise = np.random.default_rng(number).integers(0, 255, (*FRAME, 3), np.uint8)
    write_cityscapes_frame(
        root / "cityscapes",
        split="train",
        name=f"{CITY}_{number:06d}_000019",
        image=noise,
        label_ids=street(number) if label_ids is None else label_ids,
    )


def label_file(root, number):
    return next((root / "cityscapes").rglob(f"{CITY}_{number:06d}_*_labelIds.png"))


def pasted_in_frame(spec):
    """A mask for each object, side by side on the road."""
    masks = []
    for index in range(len(spec.ious)):
        mask = np.zeros(FRAME, bool)
        left = 30 + 30 * index + spec.attempt
        mask[25:39, left : left + 17] = True
        masks.append(mask)
    return masks


def pasted_in_picture(spec):
    return [
        resize_mask(m, height_px=PICTURE[0], width_px=PICTURE[1]) for m in pasted_in_frame(spec)
    ]


def sam_masks(spec):
    """What SAM finds: the pasted mask, two pixels to the right and without its first row."""
    found = []
    for mask in pasted_in_picture(spec):
        moved = np.roll(mask, 2, axis=1)
        moved[np.flatnonzero(mask.any(axis=1))[0]] = False
        found.append(moved)
    return found


def seed_of(spec, round_key=ROUND):
    return derive_seed(round_key, f"{CITY}_{spec.number:06d}_000019", spec.variant, spec.attempt)


def pixels_of(spec, round_key=ROUND):
    rng = np.random.default_rng(seed_of(spec, round_key))
    return rng.integers(0, 256, (*PICTURE, 3), np.uint8)


def picture_png(spec, round_key=ROUND):
    text = {"round": round_key, "seed": str(seed_of(spec, round_key)), "generator": "tiny@0123"}
    return png_bytes(pixels_of(spec, round_key), text)


def name_of(spec, round_key=ROUND):
    return {
        "round": round_key,
        "frame_id": f"{CITY}_{spec.number:06d}_000019",
        "variant": spec.variant,
        "attempt": spec.attempt,
    }


def request_of(spec, root, round_key=ROUND):
    label = label_file(root, spec.number)
    image = next((root / "cityscapes").rglob(f"{CITY}_{spec.number:06d}_*_leftImg8bit.png"))
    numbers = range(len(spec.ious))
    n = len(spec.ious)
    return SceneRequest(
        **name_of(spec, round_key),
        city=CITY,
        seed=seed_of(spec, round_key),
        prompt=f"a prompt of {spec.number}",
        negative_prompt="ugly",
        place="Ghent" if spec.number % 2 else None,
        weather="foggy" if spec.number % 2 else None,
        time="night" if spec.number % 2 else None,
        object_ids=tuple(f"ade20k/train/{index}" for index in numbers),
        object_class_ids=tuple(CLASSES[index][0] for index in numbers),
        object_class_names=tuple(CLASSES[index][1] for index in numbers),
        object_licenses=("license of ade20k",) * n,
        object_x_px=(30,) * n,
        object_y_px=(25,) * n,
        object_width_px=(17,) * n,
        object_height_px=(14,) * n,
        object_is_flipped=(False,) * n,
        object_mask_rles=tuple(map(encode_mask, pasted_in_frame(spec))),
        object_not_ground_fracs=(0.0,) * n,
        height_px=FRAME[0],
        width_px=FRAME[1],
        image=image.relative_to(root).as_posix(),
        label=label.relative_to(root).as_posix(),
        label_coding="cityscapes_label_ids",
        image_sha256=file_sha256(image),
        label_sha256=file_sha256(label),
        license="license of cityscapes",
        reason=None,
    )


def attempt_of(spec, store, round_key=ROUND):
    small = resize_nearest(street(spec.number), height_px=PICTURE[0], width_px=PICTURE[1])
    objects = [PastedObject(m, CLASSES[i][0]) for i, m in enumerate(pasted_in_picture(spec))]
    content = picture_png(spec, round_key)
    return SceneAttempt(
        **name_of(spec, round_key),
        city=CITY,
        seed=seed_of(spec, round_key),
        profile_id="profile",
        pixels_sha256=sha256(pixels_of(spec, round_key).tobytes()).hexdigest(),
        image_sha256=store.blobs.put(content, ".png") if spec.has_image else None,
        thumbnail_sha256=store.blobs.put(b"small", ".webp"),
        layout_sha256=store.blobs.put_image(scene_layout(small, objects)[0]),
        height_px=PICTURE[0],
        width_px=PICTURE[1],
        layout_agreement=spec.agreement,
        is_kept=spec.has_image,
    )


def objects_of(spec, round_key=ROUND):
    pairs = zip(pasted_in_picture(spec), sam_masks(spec), spec.ious, spec.oods, strict=True)
    return [
        ObjectAttempt(
            **name_of(spec, round_key),
            object_index=index,
            class_id=CLASSES[index][0],
            class_name=CLASSES[index][1],
            pasted_mask_rle=encode_mask(pasted),
            sam_mask_rle=encode_mask(found & (ood is not None)),
            pasted_area_px=int(pasted.sum()),
            sam_area_px=0 if ood is None else int(found.sum()),
            iou=iou,
            predicted_iou=0.9,
            mean_ood_score=ood,
        )
        for index, (pasted, found, iou, ood) in enumerate(pairs)
    ]


def commit_scenes(store, root, specs, round_key=ROUND, **provenance):
    """Requests, and what was drawn of them; frames that are not there yet are written."""
    for number in {spec.number for spec in specs}:
        if not list((root / "cityscapes").rglob(f"{CITY}_{number:06d}_*_labelIds.png")):
            write_street(root, number)
    partition = f"{CITY}|{round_key}"
    requests = store.manifests.commit(
        "scene_requests",
        {"scene_requests": [request_of(spec, root, round_key) for spec in specs], "quarantine": []},
        partition=partition,
    )
    return store.manifests.commit(
        "synthetic_scenes",
        {
            "scene_attempts": [attempt_of(spec, store, round_key) for spec in specs],
            "object_attempts": [row for spec in specs for row in objects_of(spec, round_key)],
            "execution_profiles": [],
            "quarantine": [],
        },
        partition=partition,
        provenance={**GENERATOR, **provenance},
        parents={f"scene_requests/{partition}": f"{requests.version}:{requests.fingerprint}"},
    )
