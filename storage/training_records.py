"""Rows of the stages that train: which pairs a network learns from, and what became of it.

The conventions are those of `storage.records`.
"""

from dataclasses import dataclass
from typing import Annotated

from storage.records import BlobRef, InnerPath, Key, Volatile


@dataclass(frozen=True, kw_only=True)
class TrainingPair:
    """One chosen scene beside the photograph of its frame: a training sample and its lineage."""

    asset: Annotated[str, "asset that holds the scene: labelled_scenes or imported_scenes", Key]
    round: Annotated[str, "regeneration round, or name of the imported set", Key]
    frame_id: Annotated[str, "Cityscapes frame whose layout the scene was drawn from", Key]
    variant: Annotated[int, "number of the scene of this frame, from 0", Key]
    city: Annotated[str, "city of the frame"]
    image_sha256: Annotated[str, "blob of the generated picture (RGB PNG)", BlobRef]
    label_sha256: Annotated[
        str,
        "blob of its label (gray PNG): train ids 0 to 18, 254 unknown object, 255 void",
        BlobRef,
    ]
    height_px: Annotated[int, "height of the generated picture and its label"]
    width_px: Annotated[int, "width of the generated picture and its label"]
    source_image: Annotated[str, "photograph of the frame, relative to the data root", InnerPath]
    source_image_sha256: Annotated[str, "SHA-256 of the file of the photograph"]
    source_label: Annotated[str, "label of the photograph, relative to the data root", InnerPath]
    source_label_sha256: Annotated[str, "SHA-256 of the file of that label"]
    source_label_coding: Annotated[
        str, "name of the coding of that label in `storage.datasets.codings`"
    ]
    place: Annotated[str | None, "place of the prompt; None for the plain template"]
    weather: Annotated[str | None, "weather of the prompt; None for the plain template"]
    time: Annotated[str | None, "day or night as the prompt says; None for the plain template"]
    object_ids: Annotated[tuple[str, ...], "objects as the bank names them; empty if imported"]
    object_class_names: Annotated[tuple[str, ...], "class name of each object"]
    n_ood_px: Annotated[int, "pixels of the generated label that show an unknown object"]
    attempt: Annotated[int | None, "attempt that was chosen for the scene; None where imported"]
    prompt: Annotated[str | None, "what the generator was told; None if unknown"]
    seed: Annotated[int | None, "seed of the noise; None if unknown"]
    generator: Annotated[str, "name and digest of the generator, or of the imported set"]
    licenses: Annotated[
        tuple[str, ...], "license or terms of every source: the frame, each object, the generator"
    ]


@dataclass(frozen=True, kw_only=True)
class SegmenterCheckpoint:
    """One kept checkpoint of a segmenter: what it is, what it was made from, how well it does.

    A version of `segmenter_checkpoint` holds those of the last training of each architecture.
    """

    training: Annotated[str, "digest of all that decided on the training, its inputs included", Key]
    step: Annotated[int, "steps that were taken, from 1", Key]
    architecture: Annotated[str, "name in `models.segmentation.ARCHITECTURES`"]
    stage: Annotated[int, "stage of the last step, from 0"]
    epoch: Annotated[int, "epoch of the last step, from 0 through all stages"]
    is_best: Annotated[bool, "whether no checkpoint of the training has a higher selection score"]
    is_last: Annotated[bool, "whether the training ended with it"]
    checkpoint_sha256: Annotated[
        str, "blob of the weights (safetensors), which `load_segmenter` reads", BlobRef
    ]
    average_precision: Annotated[
        float, "selection score: AP of unknown objects on the held-out frames, 0 to 1"
    ]
    mean_iou: Annotated[float, "mIoU of the known classes on the held-out frames, 0 to 1"]
    held_out_frame_ids: Annotated[
        tuple[str, ...], "frames of the training set that were scored and never learned from"
    ]
    n_pairs: Annotated[int, "pairs that were learned from"]
    configuration: Annotated[str, "JSON of `models.training.config.TrainingConfig`"]
    n_processes: Annotated[int, "processes that trained together, each on batches of its own"]
    selection: Annotated[str, "partition of `training_set`"]
    manifest_version: Annotated[int, "its version"]
    manifest_fingerprint: Annotated[str, "fingerprint of that version"]
    rows_fingerprint: Annotated[str, "digest of its rows alone: the data version of the asset"]
    initial_sha256: Annotated[
        str | None, "SHA-256 of the checkpoint that it began with; None for random weights"
    ]
    objects_version: Annotated[
        int | None, "version of `ood_objects` whose crops were pasted; None where none were"
    ]
    objects_fingerprint: Annotated[str | None, "fingerprint of that version"]
    code_version: Annotated[str, "version of the training's code"]
    library_versions: Annotated[
        tuple[str, ...], "what computed it, such as 'torch 2.11.0'", Volatile
    ]


@dataclass(frozen=True, kw_only=True)
class TrainingStep:
    """One logged step of a training; its numbers are those of this step alone, no mean of many."""

    training: Annotated[str, "digest of all that decided on the training", Key]
    step: Annotated[int, "number of the step, from 1", Key]
    stage: Annotated[int, "stage of the step, from 0"]
    epoch: Annotated[int, "epoch of the step, from 0 through all stages"]
    loss: Annotated[float, "the sum that is descended"]
    term_names: Annotated[tuple[str, ...], "parts of the loss"]
    term_values: Annotated[tuple[float, ...], "value of each part, before its weight"]
    gradient_norm: Annotated[float, "length of the gradient before it was cut"]
    rate: Annotated[float, "learning rate, before the factors of slower parts"]
    seconds: Annotated[float, "time a step, the mean since the logged one before", Volatile]
    average_precision: Annotated[
        float | None, "selection score after this step; None where it was not measured"
    ]
    mean_iou: Annotated[float | None, "mIoU of the held-out frames; None likewise"]


@dataclass(frozen=True, kw_only=True)
class ClosedSetCheckpoint:
    """A segmenter that knows the known classes alone: what it was made from, how well it does.

    A version of `closed_set_checkpoint` holds the last training of its architecture.
    """

    training: Annotated[str, "digest of all that decided on the training, its inputs included", Key]
    architecture: Annotated[str, "name in `models.segmentation.ARCHITECTURES`"]
    checkpoint_sha256: Annotated[
        str, "blob of the weights (safetensors), which `load_segmenter` reads", BlobRef
    ]
    mean_iou: Annotated[float, "mIoU of the known classes on the held-out frames, 0 to 1"]
    class_names: Annotated[tuple[str, ...], "known classes that the held-out frames show"]
    class_ious: Annotated[tuple[float, ...], "IoU of each of them, 0 to 1"]
    held_out_frame_ids: Annotated[
        tuple[str, ...], "training frames that were scored and never learned from"
    ]
    n_frames: Annotated[int, "frames that were learned from"]
    height_px: Annotated[int, "height that photographs were brought to"]
    width_px: Annotated[int, "width that photographs were brought to"]
    n_steps: Annotated[int, "steps that were taken"]
    configuration: Annotated[
        str, "JSON of the whole configuration, `models.segmentation.closed_set` and what is read"
    ]
    source_version: Annotated[str, "data version of Cityscapes below the data root"]
    code_version: Annotated[str, "version of the training's code"]
    library_versions: Annotated[
        tuple[str, ...], "what computed it, such as 'torch 2.11.0'", Volatile
    ]


@dataclass(frozen=True, kw_only=True)
class ClosedSetStep:
    """One logged step of a training on the known classes."""

    training: Annotated[str, "digest of all that decided on the training", Key]
    step: Annotated[int, "number of the step, from 1", Key]
    epoch: Annotated[int, "epoch of the step, from 0"]
    loss: Annotated[float, "cross-entropy, the mean since the logged step before"]
    mean_iou: Annotated[
        float | None, "mIoU of the held-out frames after this step; None where not measured"
    ]
    seconds: Annotated[float, "time a step, the mean since the logged step before", Volatile]
