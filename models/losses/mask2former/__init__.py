"""Mask2Former's criterion, for training on the known classes and for the second stage on pairs."""

from models.losses.mask2former.config import (
    CLEAN_POINTS,
    CLOSED_SET_LOSS,
    PUBLISHED_BACKGROUND,
    STAGE_TWO_LOSS,
    UNCERTAIN_POINTS,
    UNIFORM_POINTS,
    Mask2FormerLossConfig,
    PointRule,
)
from models.losses.mask2former.criterion import Mask2FormerTerms, mask2former_loss
from models.losses.mask2former.matching import NonFiniteCostError
from models.losses.mask2former.score import training_ood_score

__all__ = [
    "CLEAN_POINTS",
    "CLOSED_SET_LOSS",
    "PUBLISHED_BACKGROUND",
    "STAGE_TWO_LOSS",
    "UNCERTAIN_POINTS",
    "UNIFORM_POINTS",
    "Mask2FormerLossConfig",
    "Mask2FormerTerms",
    "NonFiniteCostError",
    "PointRule",
    "mask2former_loss",
    "training_ood_score",
]
