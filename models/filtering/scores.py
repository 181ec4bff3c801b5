"""What the filter measures of a scene, before anybody judges it: finite numbers, or None.

Reference for IoU and OOD score: Gao et al. 2024, appendix A.2 and first implementation.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped, UInt8

from models.filtering.masks import any_object, mask_iou
from storage.label_space import N_CLASSES


@dataclass(frozen=True, kw_only=True)
class ObjectScores:
    """How well one object came out.

    Attributes:
        iou: of SAM's mask and the pasted mask, 0 to 1; 0 where both are empty, which the areas
            tell.
        mean_ood_score: of the detector over SAM's mask, higher is further out of distribution; None
            where SAM's mask is empty.
        predicted_iou: what SAM's own head thinks of its mask, about 0 to 1.
        pasted_area_px: pixels of the pasted mask.
        sam_area_px: pixels of SAM's mask.
    """

    iou: float
    mean_ood_score: float | None
    predicted_iou: float
    pasted_area_px: int
    sam_area_px: int


@dataclass(frozen=True, kw_only=True)
class SceneScores:
    """How well a scene came out.

    Attributes:
        objects: one entry for each pasted object, in their order.
        layout_agreement: see the function of this name; None where it was not measured, or no pixel
            of the background has a class.
    """

    objects: tuple[ObjectScores, ...]
    layout_agreement: float | None = None


def object_scores(
    pasted_mask: Bool[np.ndarray, "height width"],
    sam_mask: Bool[np.ndarray, "height width"],
    ood_score: Float[np.ndarray, "height width"],
    *,
    predicted_iou: float,
) -> ObjectScores:
    """Scores of one object of a scene.

    Args:
        pasted_mask: where the generator was told to draw the object.
        sam_mask: what SAM finds in the box of the pasted mask.
        ood_score: of the generated image, higher is further out of distribution.
        predicted_iou: of SAM.

    Raises:
        ValueError: if the detector or SAM gives a number that is not finite: weights to mistrust.
    """
    under_mask = ood_score[sam_mask].astype(np.float64)
    if not (np.isfinite(under_mask).all() and np.isfinite(predicted_iou)):
        raise ValueError(
            "need finite OOD scores and a finite predicted IoU, got "
            f"{np.count_nonzero(~np.isfinite(under_mask))} other scores on SAM's mask and "
            f"predicted IoU {predicted_iou}; check the weights of detector and SAM"
        )
    return ObjectScores(
        iou=mask_iou(pasted_mask, sam_mask),
        mean_ood_score=float(under_mask.mean()) if under_mask.size else None,
        predicted_iou=predicted_iou,
        pasted_area_px=int(np.count_nonzero(pasted_mask)),
        sam_area_px=under_mask.size,
    )


def layout_agreement(
    predicted: UInt8[np.ndarray, "height width"],
    label_train_ids: UInt8[np.ndarray, "height width"],
    pasted_mask: Bool[np.ndarray, "*objects height width"],
) -> float | None:
    """Share of background pixels in [0, 1] that a segmenter names as the label does.

    The background is what lies outside every pasted mask and has a class, 0 to 18; None where
    there is no such pixel.
    """
    is_background = label_train_ids < N_CLASSES
    is_background &= ~any_object(pasted_mask)
    n_pixels = np.count_nonzero(is_background)
    n_agreeing = np.count_nonzero((predicted == label_train_ids) & is_background)
    return float(n_agreeing / n_pixels) if n_pixels else None


def scene_scores(
    pasted_masks: Bool[np.ndarray, "objects height width"],
    sam_masks: Bool[np.ndarray, "objects height width"],
    predicted_ious: Shaped[np.ndarray, " objects"],
    ood_score: Float[np.ndarray, "height width"],
    *,
    agreement: float | None = None,
) -> SceneScores:
    """Scores of all objects of a scene, with that of its background where it was measured.

    Args:
        pasted_masks: where the generator was told to draw each object.
        sam_masks: what SAM finds of each, in the same order.
        predicted_ious: of SAM, in the same order.
        ood_score: of the generated image.
        agreement: of the background, from `layout_agreement`.

    Raises:
        ValueError: if the detector or SAM gives a number that is not finite.
    """
    per_object = zip(pasted_masks, sam_masks, predicted_ious, strict=True)
    return SceneScores(
        objects=tuple(
            object_scores(pasted, found, ood_score, predicted_iou=float(predicted_iou))
            for pasted, found, predicted_iou in per_object
        ),
        layout_agreement=agreement,
    )
