"""Rows and pictures of scenes that were never drawn: a store to look at."""

from dataclasses import dataclass, field

import numpy as np

from assets.partitions import ScenePartition
from models.scenes import Condition, PastedObject, label_after_layout, scene_layout, write_prompt
from models.seeding import derive_seed
from storage.datasets.cityscapes import write_cityscapes_frame
from storage.label_space import train_id_table
from storage.rle import encode_mask
from storage.scene_records import (
    ExecutionProfile,
    LabelledScene,
    ObjectAttempt,
    SceneAttempt,
    SceneRequest,
    SceneVerdict,
)

PLAIN = Condition()
TERMS = "Apache-2.0 (rendered by multishift)"


@dataclass(frozen=True, kw_only=True, eq=False)
class MadeAttempt:
    """One picture with what is told of it; masks in the order of the classes."""

    frame: str
    variant: int = 0
    attempt: int = 0
    condition: Condition = PLAIN
    picture: np.ndarray
    label_ids: np.ndarray
    class_ids: tuple[int, ...]
    class_names: tuple[str, ...]
    pasted: tuple[np.ndarray, ...]
    found: tuple[np.ndarray, ...]
    reason: str | None = None
    is_chosen: bool = True
    is_image_kept: bool = True
    prompt: str | None = None

    @property
    def key(self):
        return {"frame_id": self.frame, "variant": self.variant, "attempt": self.attempt}


@dataclass(frozen=True, kw_only=True)
class MadePartition:
    """All attempts of a partition, and which assets are committed."""

    partition: ScenePartition
    attempts: tuple[MadeAttempt, ...]
    stages: tuple[str, ...] = ("requests", "drawn", "judged", "labelled")
    empty_frames: dict[str, str] = field(default_factory=dict)


def commit_made(store, made):
    """Commit the rows of the stages, in their order."""
    key = made.partition.key
    rows = [_rows(item, made.partition, store.blobs) for item in made.attempts]
    if "requests" in made.stages:
        empty = [_empty(name, why, made) for name, why in made.empty_frames.items()]
        requests = [row["request"] for row in rows] + empty
        tables = {"scene_requests": requests, "quarantine": []}
        store.manifests.commit("scene_requests", tables, partition=key)
    if "drawn" in made.stages:
        tables = {
            "scene_attempts": [row["drawn"] for row in rows],
            "object_attempts": [item for row in rows for item in row["objects"]],
            "execution_profiles": [PROFILE],
            "quarantine": [],
        }
        store.manifests.commit("synthetic_scenes", tables, partition=key)
    if "judged" in made.stages:
        verdicts = [row["verdict"] for row in rows]
        store.manifests.commit("filtered_scenes", {"scene_verdicts": verdicts}, partition=key)
    if "labelled" in made.stages:
        labels = [row["label"] for row in rows if row["verdict"].is_chosen]
        tables = {"labelled_scenes": labels, "quarantine": []}
        store.manifests.commit("labelled_scenes", tables, partition=key)


def write_photograph(root, frame, image, label_ids):
    write_cityscapes_frame(
        root / "cityscapes", split="train", name=frame, image=image, label_ids=label_ids
    )


PROFILE = ExecutionProfile(
    profile_id="p" * 16,
    device="cpu",
    device_name="avx2",
    dtype="float32",
    batch_size=1,
    height_px=128,
    width_px=256,
    n_threads=1,
    versions="diffusers==0.42.0 torch==2.11.0",
)


def _rows(item, partition, blobs):
    height, width = item.picture.shape[:2]
    pairs = zip(item.pasted, item.class_ids, strict=True)
    pasted = [PastedObject(mask=mask, class_id=class_id) for mask, class_id in pairs]
    layout, _ = scene_layout(item.label_ids, pasted)
    label = label_after_layout(train_id_table()[item.label_ids])
    label[np.any(item.pasted, axis=0)] = 255
    label[np.any(item.found, axis=0)] = 254
    shared = {"round": partition.round, **item.key}
    size = {"height_px": height, "width_px": width}
    picture, layout = blobs.put_image(item.picture), blobs.put_image(layout)
    thumbnail = blobs.put_image(np.ascontiguousarray(item.picture[::2, ::2]))
    is_accepted = item.reason is None
    words = {
        "place": item.condition.place,
        "weather": item.condition.weather,
        "time": item.condition.time,
        "prompt": item.prompt or write_prompt(item.condition, item.class_names),
        "seed": derive_seed(*shared.values()),
    }
    ious = [(a & b).sum() / (a | b).sum() for a, b in zip(item.pasted, item.found, strict=True)]
    n_objects = len(item.class_ids)
    names = {
        "object_ids": tuple(f"ade20k/training/{i}" for i in range(n_objects)),
        "object_class_ids": item.class_ids,
        "object_class_names": item.class_names,
    }
    image = f"cityscapes/leftImg8bit/train/{partition.city}/{item.frame}_leftImg8bit.png"
    return {
        "request": SceneRequest(
            **shared,
            **words,
            **names,
            **size,
            city=partition.city,
            negative_prompt="blurry",
            object_licenses=(TERMS,) * n_objects,
            object_x_px=(0,) * n_objects,
            object_y_px=(0,) * n_objects,
            object_width_px=(1,) * n_objects,
            object_height_px=(1,) * n_objects,
            object_is_flipped=(False,) * n_objects,
            object_mask_rles=tuple(map(encode_mask, item.pasted)),
            object_not_ground_fracs=(0.0,) * n_objects,
            image=image,
            label="label.png",
            label_coding="cityscapes_label_ids",
            image_sha256="0" * 64,
            label_sha256="0" * 64,
            license=TERMS,
            reason=None,
        ),
        "drawn": SceneAttempt(
            **shared,
            **size,
            city=partition.city,
            seed=words["seed"],
            profile_id=PROFILE.profile_id,
            pixels_sha256="1" * 64,
            image_sha256=picture if item.is_image_kept else None,
            thumbnail_sha256=thumbnail,
            layout_sha256=layout,
            layout_agreement=0.87,
            is_kept=is_accepted,
        ),
        "objects": [
            ObjectAttempt(
                **shared,
                object_index=index,
                class_id=item.class_ids[index],
                class_name=item.class_names[index],
                pasted_mask_rle=encode_mask(item.pasted[index]),
                sam_mask_rle=encode_mask(item.found[index]),
                pasted_area_px=int(item.pasted[index].sum()),
                sam_area_px=int(item.found[index].sum()),
                iou=float(ious[index]),
                predicted_iou=0.9,
                mean_ood_score=-1.25 if item.found[index].any() else None,
            )
            for index in range(n_objects)
        ],
        "verdict": SceneVerdict(
            **shared,
            verdict="accepted" if is_accepted else "rejected",
            reason=item.reason,
            is_chosen=is_accepted and item.is_chosen,
        ),
        "label": LabelledScene(
            **shared,
            **size,
            **words,
            **names,
            city=partition.city,
            image_sha256=picture,
            label_sha256=blobs.put_image(label),
            layout_sha256=layout,
            sam_layout_sha256=None,
            object_mask_rles=tuple(map(encode_mask, item.found)),
            object_ious=tuple(map(float, ious)),
            generator="miniature 0123456789abcdef",
            profile_id=PROFILE.profile_id,
            source_image=image,
            source_label="label.png",
            licenses=(TERMS, TERMS),
            n_ood_px=int((label == 254).sum()),
            n_void_px=int((label == 255).sum()),
        ),
    }


def _empty(frame, why, made):
    """A frame that can have no scene."""
    nothing = {name: () for name in SceneRequest.__annotations__ if name.startswith("object_")}
    return SceneRequest(
        round=made.partition.round,
        frame_id=frame,
        variant=0,
        attempt=0,
        city=made.partition.city,
        seed=0,
        prompt="",
        negative_prompt="",
        place=None,
        weather=None,
        time=None,
        height_px=128,
        width_px=256,
        image=f"{frame}.png",
        label="label.png",
        label_coding="cityscapes_label_ids",
        image_sha256="0" * 64,
        label_sha256="0" * 64,
        license=TERMS,
        reason=why,
        **nothing,
    )
