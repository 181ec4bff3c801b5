"""An attempt in words: what it was asked for, how it scored, where it comes from."""

from assets.gallery.rows import PLAIN, DrawnAttempt
from storage.scene_records import ExecutionProfile, ObjectAttempt


def condition_text(item: DrawnAttempt) -> str:
    """Weather, time and place of the prompt."""
    if item.request is None:
        return "unknown conditions"
    known = [text for text in (item.condition, item.place) if text != PLAIN]
    return ", ".join(known) or "plain template"


def objects_text(item: DrawnAttempt) -> str:
    """Classes of the objects, by commas."""
    return ", ".join(item.class_names) or "no object"


def scores_text(item: DrawnAttempt) -> str:
    """The scores that decide, in one line."""
    texts = []
    if item.objects:
        texts.append("IoU " + ", ".join(f"{row.iou:.2f}" for row in item.objects))
        texts.append("OOD " + ", ".join(score_text(row.mean_ood_score) for row in item.objects))
    if item.attempt.layout_agreement is not None:
        texts.append(f"layout {share_text(item.attempt.layout_agreement)}")
    return " · ".join(texts)


def score_text(score: float | None) -> str:
    """A score in the detector's own unit; a dash where there is none."""
    return "-" if score is None else f"{score:.3g}"


def share_text(share: float | None) -> str:
    """A share of 0 to 1 in percent; a dash where there is none."""
    return "-" if share is None else f"{100 * share:.0f}%"


def object_facts(row: ObjectAttempt) -> tuple[str, ...]:
    """Class, IoU, SAM's own estimate, OOD score, pixels asked for and found."""
    return (
        row.class_name,
        f"{row.iou:.3f}",
        f"{row.predicted_iou:.3f}",
        score_text(row.mean_ood_score),
        str(row.pasted_area_px),
        str(row.sam_area_px),
    )


def profile_text(profile: ExecutionProfile | None) -> str:
    """Where and how a picture was computed."""
    if profile is None:
        return "unknown"
    return (
        f"{profile.device} ({profile.device_name}), {profile.dtype}, batch {profile.batch_size}, "
        f"threads {profile.n_threads}, {profile.versions}"
    )


def licenses(item: DrawnAttempt) -> tuple[str, ...]:
    """License or terms of every source that is known, each once."""
    if item.label is not None:
        return tuple(dict.fromkeys(item.label.licenses))
    if item.request is None:
        return ()
    return tuple(dict.fromkeys((item.request.license, *item.request.object_licenses)))
