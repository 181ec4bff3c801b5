"""Keep a scene, or reject it with a reason: stored scores in, a verdict out.

Every rule accepts what exceeds its threshold. A score that is missing or not a number exceeds
nothing, so no damage elsewhere can let a scene pass.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

from models.filtering.scores import ObjectScores, SceneScores

PUBLISHED_MIN_IOU = 0.7
"""Of SAM's mask and the pasted mask (Gao et al. 2024, appendix A.2)."""

PUBLISHED_MIN_OOD_SCORE = -3.02
"""Only in the first implementation, for a detector that was not published: calibrate your own."""


class Reason(StrEnum):
    """Why a scene is rejected; where several rules reject it, the first of this list."""

    NOTHING_PASTED = "nothing_pasted"
    EMPTY_MASK = "empty_mask"
    SAM_DISAGREES = "sam_disagrees"
    NOT_OOD = "not_ood"
    LAYOUT_DISAGREES = "layout_disagrees"


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What the scores of a scene must exceed.

    Attributes:
        min_ood_score: mean score over SAM's mask; a number of the detector in use, such as
            `models.filtering.calibrate_threshold` gives. None leaves the rule out.
        min_iou: IoU of SAM's mask and the pasted mask, at least 0 and below 1.
        min_layout_agreement: share of the background, at least 0 and below 1; None leaves the rule
            out.
        accepts_all: no rule is looked at, and every scene passes: what the filter is compared with.

    Raises:
        ValueError: if a threshold lies outside its range.
    """

    min_ood_score: float | None
    min_iou: float = PUBLISHED_MIN_IOU
    min_layout_agreement: float | None = None
    accepts_all: bool = False

    def __post_init__(self) -> None:
        """Refuse thresholds that everything or nothing could exceed."""
        for name in ("min_iou", "min_layout_agreement"):
            share = getattr(self, name)
            if share is not None and not 0 <= share < 1:
                raise ValueError(f"need {name} of at least 0 and below 1, got {share}")
        if self.min_ood_score is not None and not isfinite(self.min_ood_score):
            raise ValueError(f"need a finite min_ood_score, got {self.min_ood_score}")

    @property
    def facts(self) -> dict[str, Any]:
        """Name -> value; of ``accepts_all`` nothing is said where rules are looked at."""
        found = asdict(self)
        return found if self.accepts_all else {k: v for k, v in found.items() if k != "accepts_all"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of a scene; the reason is None where it is accepted."""

    is_accepted: bool
    reason: Reason | None


def judge(scores: SceneScores, thresholds: Thresholds) -> Verdict:
    """Accept a scene whose every object, and background, exceed the thresholds.

    Of a scene without objects only the background is judged.
    """
    if thresholds.accepts_all:
        return Verdict(is_accepted=True, reason=None)
    reasons = [_objection(item, thresholds) for item in scores.objects]
    if not _exceeds(scores.layout_agreement, thresholds.min_layout_agreement):
        reasons.append(Reason.LAYOUT_DISAGREES)
    reason = next((reason for reason in Reason if reason in reasons), None)
    return Verdict(is_accepted=reason is None, reason=reason)


def _objection(scores: ObjectScores, thresholds: Thresholds) -> Reason | None:
    """First rule that one object breaks."""
    if not scores.pasted_area_px > 0:
        return Reason.NOTHING_PASTED
    if not scores.sam_area_px > 0:
        return Reason.EMPTY_MASK
    if not _exceeds(scores.iou, thresholds.min_iou):
        return Reason.SAM_DISAGREES
    if not _exceeds(scores.mean_ood_score, thresholds.min_ood_score):
        return Reason.NOT_OOD
    return None


def _exceeds(score: float | None, threshold: float | None) -> bool:
    """Whether a score is a number above the threshold, or there is no threshold."""
    return threshold is None or (score is not None and isfinite(score) and score > threshold)
