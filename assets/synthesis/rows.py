"""Rows of a drawn attempt, and the text that its picture carries."""

from collections.abc import Mapping

from assets.synthesis.drawing import Drawn
from storage.rle import encode_mask
from storage.scene_records import ObjectAttempt, SceneAttempt


def attempt_row(
    drawn: Drawn,
    *,
    image_sha256: str | None,
    thumbnail_sha256: str,
    layout_sha256: str,
    is_kept: bool,
) -> SceneAttempt:
    """The row of the whole picture."""
    request = drawn.prepared.request
    return SceneAttempt(
        round=request.round,
        frame_id=request.frame_id,
        variant=request.variant,
        attempt=request.attempt,
        city=request.city,
        seed=request.seed,
        profile_id=drawn.profile.profile_id,
        pixels_sha256=drawn.pixels_sha256,
        image_sha256=image_sha256,
        thumbnail_sha256=thumbnail_sha256,
        layout_sha256=layout_sha256,
        height_px=drawn.picture.shape[0],
        width_px=drawn.picture.shape[1],
        layout_agreement=drawn.examined.scores.layout_agreement,
        is_kept=is_kept,
    )


def object_rows(drawn: Drawn) -> list[ObjectAttempt]:
    """A row for each object of the picture."""
    request = drawn.prepared.request
    rows = []
    for index, scores in enumerate(drawn.examined.scores.objects):
        pasted = drawn.prepared.wanted.pasted_masks[index]
        row = ObjectAttempt(
            round=request.round,
            frame_id=request.frame_id,
            variant=request.variant,
            attempt=request.attempt,
            object_index=index,
            class_id=request.object_class_ids[index],
            class_name=request.object_class_names[index],
            pasted_mask_rle=encode_mask(pasted),
            sam_mask_rle=encode_mask(drawn.examined.sam_masks[index]),
            pasted_area_px=scores.pasted_area_px,
            sam_area_px=scores.sam_area_px,
            iou=scores.iou,
            predicted_iou=scores.predicted_iou,
            mean_ood_score=scores.mean_ood_score,
        )
        rows.append(row)
    return rows


def picture_text(drawn: Drawn, generator: str) -> Mapping[str, str]:
    """What the PNG of a picture says of itself: where it comes from, and how to draw it again."""
    request, drawing = drawn.prepared.request, drawn.prepared.drawing
    steps = {} if drawing.first is None else {"order": "two_step"}
    return {
        "Software": "multishift",
        "round": request.round,
        "frame": request.frame_id,
        "variant": str(request.variant),
        "attempt": str(request.attempt),
        "seed": str(request.seed),
        "prompt": request.prompt,
        "generator": generator,
        "execution profile": drawn.profile.profile_id,
        **steps,
    }
