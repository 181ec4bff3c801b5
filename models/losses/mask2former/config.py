"""Weights and point rules of Mask2Former's criterion, with the published values."""

from dataclasses import dataclass
from typing import Literal

from storage.label_space import OOD_ID, VOID_ID

Ranking = Literal["uncertain", "easy"]
"""What ranks points first: a mask probability near 1/2, or a low cross-entropy."""

Filling = Literal["fresh", "rest"]
"""Where unranked points come from: drawn anew, or drawn among those that the ranking left."""


@dataclass(frozen=True, kw_only=True)
class PointRule:
    """How the points are found at which a mask is compared with its segment.

    Points are drawn, some of them are taken by rank, and chance fills up what is missing. The
    defaults take no point by rank: they are uniform.

    Attributes:
        oversampling: points drawn for every point wanted, at least 1.
        ranked_frac: share of the points wanted that is taken by rank, rounded down.
        ranking: what comes first.
        filling: where the other points come from.
    """

    oversampling: float = 1.0
    ranked_frac: float = 0.0
    ranking: Ranking = "uncertain"
    filling: Filling = "fresh"

    def __post_init__(self) -> None:
        """Refuse shares that leave too few points.

        Raises:
            ValueError: if `oversampling` is below 1 or `ranked_frac` outside 0 to 1.
        """
        if not (self.oversampling >= 1 and 0 <= self.ranked_frac <= 1):
            raise ValueError(
                "need oversampling of 1 or more and ranked_frac from 0 to 1, got "
                f"{self.oversampling} and {self.ranked_frac}"
            )


UNIFORM_POINTS = PointRule()
"""Published rule of the original half in stage 2."""

UNCERTAIN_POINTS = PointRule(oversampling=3.0, ranked_frac=0.75)
"""Reference: Cheng et al. 2022 (arXiv 2112.01527), section 3.3 and its published settings."""

CLEAN_POINTS = PointRule(oversampling=1.25, ranked_frac=0.95, ranking="easy", filling="rest")
"""Published rule of the generated half in stage 2: of 15,680 points the 11,916 of lowest loss.

Labels of generated scenes are partly wrong, and wrong pixels have a high loss. The 628 points that
are missing to 12,544 are drawn among the rest; `filling="fresh"` is the other reading, which takes
fewer points of high loss.
"""


@dataclass(frozen=True, kw_only=True)
class Mask2FormerLossConfig:
    """Every free value of the criterion.

    Attributes:
        class_weight, mask_weight, dice_weight: of the three loss terms.
        class_cost, mask_cost, dice_cost: of the same three in the matching. The code of
            Mask2Former gives the matching the weights of the loss, and so do the values below.
        no_object_weight: of a query without a segment in the weighted mean of the class term.
        original_weight: further factor of mask and dice terms of the original half.
        n_points: of every comparison of a mask with a segment, in the matching and in the loss.
        points: rule of the original half, or of the whole batch.
        generated_points: rule of the generated half; None if the batch has no halves.
        background_ids: ids without a segment that count as outside of every segment. Padding
            counts as `VOID_ID`. Pixels of every other such id are never looked at.
    """

    class_weight: float = 2.0
    mask_weight: float = 5.0
    dice_weight: float = 5.0
    class_cost: float = 2.0
    mask_cost: float = 5.0
    dice_cost: float = 5.0
    no_object_weight: float = 0.1
    original_weight: float = 1.0
    n_points: int = 12_544
    points: PointRule = UNCERTAIN_POINTS
    generated_points: PointRule | None = None
    background_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a criterion that compares nothing.

        Raises:
            ValueError: if there is no point, or a background id is a class.
        """
        if self.n_points < 1:
            raise ValueError(f"need n_points of 1 or more, got {self.n_points}")
        if not set(self.background_ids) <= {OOD_ID, VOID_ID}:
            raise ValueError(
                f"need background_ids out of {OOD_ID} and {VOID_ID}, got {self.background_ids}"
            )


PUBLISHED_BACKGROUND = (OOD_ID, VOID_ID)
"""`background_ids` of the published code, where a segment is a class and all else is outside."""

CLOSED_SET_LOSS = Mask2FormerLossConfig()
"""Training on the known classes, on the predictions of every layer.

Reference: Cheng et al. 2022 (arXiv 2112.01527), sections 3.3 and 4.1.
"""

STAGE_TWO_LOSS = Mask2FormerLossConfig(
    class_weight=5.0,
    mask_weight=10.0,
    dice_weight=10.0,
    class_cost=5.0,
    mask_cost=10.0,
    dice_cost=10.0,
    original_weight=2.0,
    points=UNIFORM_POINTS,
    generated_points=CLEAN_POINTS,
)
"""Second stage on pairs, on the prediction of the last layer alone.

Reference: Gao et al. 2024 (arXiv 2411.03829), appendix A.3, and the published configuration, which
sets the weights of the loss; that the matching has the same ones follows from Mask2Former's code.
"""
