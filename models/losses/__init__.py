"""Training losses of the method: values in, scalar tensors out; one function per equation."""

from models.losses.pair_terms import AbsoluteTerms, ExposureTerms, pair_terms
from models.losses.relative_contrastive import (
    ContrastiveTerms,
    relative_contrastive_loss,
    relative_contrastive_terms,
)
from models.losses.settings import DEEPLAB_LOSS, MASK2FORMER_LOSS, LossKeywords, LossSettings

__all__ = [
    "DEEPLAB_LOSS",
    "MASK2FORMER_LOSS",
    "AbsoluteTerms",
    "ContrastiveTerms",
    "ExposureTerms",
    "LossKeywords",
    "LossSettings",
    "pair_terms",
    "relative_contrastive_loss",
    "relative_contrastive_terms",
]
