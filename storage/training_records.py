"""Rows of the stages that train: which pairs of pictures a network learns from.

The conventions are those of `storage.records`.
"""

from dataclasses import dataclass
from typing import Annotated

from storage.records import BlobRef, Key


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
    source_image: Annotated[str, "photograph of the frame, relative to the data root"]
    source_image_sha256: Annotated[str, "SHA-256 of the file of the photograph"]
    source_label: Annotated[str, "label of the photograph, relative to the data root"]
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
