"""Rows of the stages that make scenes: what to draw, what was drawn, what was kept, its label.

The conventions are those of `storage.records`.
"""

from dataclasses import dataclass
from typing import Annotated

from storage.records import BlobRef, InnerPath, Key


@dataclass(frozen=True, kw_only=True)
class SceneRequest:
    """One scene to generate: prompt, objects, places and seed; or why a frame can have none.

    Lists that begin with ``object_`` run in parallel, one entry an object. Objects do not overlap.
    Lengths are pixels of the label map.
    """

    round: Annotated[str, "regeneration round, part of every seed", Key]
    frame_id: Annotated[str, "Cityscapes frame whose layout is generated from", Key]
    variant: Annotated[int, "number of the scene wanted of this frame, from 0", Key]
    attempt: Annotated[int, "try for that scene, from 0; drawn in order until one is kept", Key]
    city: Annotated[str, "city of the frame"]
    seed: Annotated[int, "seed of the noise, from round, frame, variant and attempt"]
    prompt: Annotated[str, "what the generator is told; empty where there is no scene"]
    negative_prompt: Annotated[str, "what it is told to avoid; empty where there is no scene"]
    place: Annotated[str | None, "place of the prompt; None for the plain template"]
    weather: Annotated[str | None, "weather of the prompt; None for the plain template"]
    time: Annotated[str | None, "day or night as the prompt says; None for the plain template"]
    object_ids: Annotated[tuple[str, ...], "objects, as the bank names them"]
    object_class_ids: Annotated[tuple[int, ...], "ADE20K-150 class of each object"]
    object_class_names: Annotated[tuple[str, ...], "ADE20K-150 class name of each object"]
    object_licenses: Annotated[tuple[str, ...], "license of the picture each object is cut from"]
    object_x_px: Annotated[tuple[int, ...], "left edge of the box that the whole mask fills"]
    object_y_px: Annotated[tuple[int, ...], "top edge of that box; it may reach beyond the frame"]
    object_width_px: Annotated[tuple[int, ...], "width of that box"]
    object_height_px: Annotated[tuple[int, ...], "height of that box"]
    object_is_flipped: Annotated[tuple[bool, ...], "whether the mask is mirrored left to right"]
    object_mask_rles: Annotated[
        tuple[bytes, ...], "COCO compressed RLE of the pasted mask at the size of the label"
    ]
    object_not_ground_fracs: Annotated[
        tuple[float, ...], "share of the pixels it covers that are no flat ground, 0 to 1"
    ]
    height_px: Annotated[int, "height of the label map"]
    width_px: Annotated[int, "width of the label map"]
    image: Annotated[str, "image of the frame, relative to the data root", InnerPath]
    label: Annotated[str, "label of the frame, relative to the data root", InnerPath]
    label_coding: Annotated[str, "name of the label coding in `storage.datasets.codings`"]
    image_sha256: Annotated[str, "SHA-256 of the image file"]
    label_sha256: Annotated[str, "SHA-256 of the label file"]
    license: Annotated[str, "license or terms of the frame"]
    reason: Annotated[
        str | None, "why there is no scene: no_road, small_road, no_room; None where there is one"
    ]


@dataclass(frozen=True, kw_only=True)
class ExecutionProfile:
    """How pictures were computed; equal profiles give equal bytes."""

    profile_id: Annotated[str, "digest of the other columns", Key]
    device: Annotated[str, "cpu or cuda"]
    device_name: Annotated[str, "name of the GPU, or the instruction set that the CPU is used with"]
    dtype: Annotated[str, "number format of the networks: float32, bfloat16 or float16"]
    batch_size: Annotated[int, "pictures of every pass; the last one is filled up"]
    height_px: Annotated[int, "height of the pictures"]
    width_px: Annotated[int, "width of the pictures"]
    n_threads: Annotated[int, "threads that one pass computes with on the CPU"]
    versions: Annotated[str, "`library==version` of what computes, separated by blanks"]


@dataclass(frozen=True, kw_only=True)
class SceneAttempt:
    """One picture that was drawn for a scene, with the scores of the whole of it."""

    round: Annotated[str, "regeneration round, part of every seed", Key]
    frame_id: Annotated[str, "Cityscapes frame whose layout it was drawn from", Key]
    variant: Annotated[int, "number of the scene wanted of this frame, from 0", Key]
    attempt: Annotated[int, "try for that scene, from 0", Key]
    city: Annotated[str, "city of the frame"]
    seed: Annotated[int, "seed of the noise that the picture began as"]
    profile_id: Annotated[str, "how it was computed, a row of `execution_profiles`"]
    pixels_sha256: Annotated[str, "SHA-256 of the picture's RGB bytes, row by row"]
    image_sha256: Annotated[
        str | None, "blob of the picture (PNG); None where it was not kept", BlobRef
    ]
    thumbnail_sha256: Annotated[str, "blob of a small picture (WebP)", BlobRef]
    layout_sha256: Annotated[
        str, "blob of the layout that the generator was given (RGB PNG)", BlobRef
    ]
    height_px: Annotated[int, "height of picture and layout"]
    width_px: Annotated[int, "width of picture and layout"]
    layout_agreement: Annotated[
        float | None, "share of background pixels that the detector names as the label, 0 to 1"
    ]
    is_kept: Annotated[bool, "whether it passed the thresholds that it was drawn under"]


@dataclass(frozen=True, kw_only=True)
class ObjectAttempt:
    """How one object of a drawn picture came out."""

    round: Annotated[str, "as in `scene_attempts`", Key]
    frame_id: Annotated[str, "as in `scene_attempts`", Key]
    variant: Annotated[int, "as in `scene_attempts`", Key]
    attempt: Annotated[int, "as in `scene_attempts`", Key]
    object_index: Annotated[int, "place in the object lists of the scene request, from 0", Key]
    class_id: Annotated[int, "ADE20K-150 class"]
    class_name: Annotated[str, "ADE20K-150 class name"]
    pasted_mask_rle: Annotated[
        bytes, "COCO compressed RLE of the mask in the layout, at the size of the picture"
    ]
    sam_mask_rle: Annotated[bytes, "COCO compressed RLE of what SAM found in the picture"]
    pasted_area_px: Annotated[int, "pixels of the mask in the layout"]
    sam_area_px: Annotated[int, "pixels of SAM's mask"]
    iou: Annotated[float, "IoU of both masks, 0 to 1; 0 where both are empty"]
    predicted_iou: Annotated[float, "what SAM's own head thinks of its mask, about 0 to 1"]
    mean_ood_score: Annotated[
        float | None, "of the detector over SAM's mask, in its own unit; None where that is empty"
    ]


@dataclass(frozen=True, kw_only=True)
class SceneVerdict:
    """What became of an attempt under the thresholds of the filter."""

    round: Annotated[str, "as in `scene_attempts`", Key]
    frame_id: Annotated[str, "as in `scene_attempts`", Key]
    variant: Annotated[int, "as in `scene_attempts`", Key]
    attempt: Annotated[int, "as in `scene_attempts`", Key]
    verdict: Annotated[str, "'accepted' or 'rejected'"]
    reason: Annotated[
        str | None, "rule that rejected it, a name of `models.filtering.Reason`; None if accepted"
    ]
    is_chosen: Annotated[bool, "first accepted attempt of its scene: the one that is labelled"]


@dataclass(frozen=True, kw_only=True)
class LabelledScene:
    """One picture with its label: a training input. Lists with ``object_`` run in parallel."""

    round: Annotated[str, "regeneration round, or name of the imported set", Key]
    frame_id: Annotated[str, "Cityscapes frame whose layout it was drawn from", Key]
    variant: Annotated[int, "number of the scene of this frame, from 0", Key]
    city: Annotated[str, "city of the frame"]
    attempt: Annotated[int | None, "attempt that was chosen; None where imported"]
    image_sha256: Annotated[str, "blob of the picture (RGB PNG)", BlobRef]
    label_sha256: Annotated[
        str,
        "blob of the label (gray PNG): train ids 0 to 18, 254 unknown object, 255 void",
        BlobRef,
    ]
    layout_sha256: Annotated[
        str | None, "blob of the layout with the pasted objects (RGB PNG), None if unknown", BlobRef
    ]
    sam_layout_sha256: Annotated[
        str | None,
        "blob of the layout with SAM's masks in the published color (254, 254, 254), None if "
        "unknown",
        BlobRef,
    ]
    height_px: Annotated[int, "height of picture, label and layouts"]
    width_px: Annotated[int, "width of picture, label and layouts"]
    object_ids: Annotated[tuple[str, ...], "objects as the bank names them; empty if imported"]
    object_class_ids: Annotated[tuple[int, ...], "ADE20K-150 class, 0 where it has none"]
    object_class_names: Annotated[tuple[str, ...], "class name of each object"]
    object_mask_rles: Annotated[
        tuple[bytes, ...], "COCO compressed RLE of each object's label, at the size of the picture"
    ]
    object_ious: Annotated[tuple[float, ...], "IoU of SAM's mask and the pasted mask, 0 to 1"]
    prompt: Annotated[str | None, "what the generator was told; None if unknown"]
    place: Annotated[str | None, "place of the prompt; None for the plain template"]
    weather: Annotated[str | None, "weather of the prompt; None for the plain template"]
    time: Annotated[str | None, "day or night as the prompt says; None for the plain template"]
    seed: Annotated[int | None, "seed of the noise; None if unknown"]
    generator: Annotated[str, "name and digest of the generator, or of the imported set"]
    profile_id: Annotated[
        str | None, "how it was computed, of `execution_profiles`; None if unknown"
    ]
    source_image: Annotated[str, "photograph of the frame, relative to the data root", InnerPath]
    source_label: Annotated[str, "label of the frame, relative to the data root", InnerPath]
    licenses: Annotated[
        tuple[str, ...], "license or terms of every source: the frame, each object, the generator"
    ]
    n_ood_px: Annotated[int, "pixels of the label that show an unknown object"]
    n_void_px: Annotated[int, "pixels of the label that nobody vouches for"]
    label_mask: Annotated[
        str | None, "'pasted' where the pasted masks are the label; None for SAM's, or if imported"
    ] = None


@dataclass(frozen=True, kw_only=True)
class KnownScoreCount:
    """How many pixels of known classes have an OOD score in one bin of the detector's histogram."""

    bin_index: Annotated[int, "bin of `models.filtering.ScoreHistogram`", Key]
    n_pixels: Annotated[int, "pixels of known classes on photographs of the training frames"]
