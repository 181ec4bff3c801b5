"""The terms of whichever loss of pairs the settings name."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from models.losses.absolute import absolute_hinges
from models.losses.batch_check import check_batch
from models.losses.cross_entropy import pixel_cross_entropy
from models.losses.half_cross_entropies import half_cross_entropies, no_cross_entropy
from models.losses.outlier_exposure import energy_bounds, known_cross_entropy
from models.losses.regions import in_distribution, out_of_distribution
from models.losses.relative_contrastive import ContrastiveTerms, relative_contrastive_terms
from models.losses.settings import ContrastiveConfig


class AbsoluteTerms(NamedTuple):
    """Terms against fixed targets before their weights, and their weighted sum; float32 scalars."""

    ce_original: Float[Tensor, ""]
    ce_generated: Float[Tensor, ""]
    hinge_original: Float[Tensor, ""]
    hinge_generated: Float[Tensor, ""]
    hinge_unknown: Float[Tensor, ""]
    total: Float[Tensor, ""]


class ExposureTerms(NamedTuple):
    """Terms of outlier exposure before their weights, and their weighted sum; float32 scalars."""

    ce_known: Float[Tensor, ""]
    bound_known: Float[Tensor, ""]
    bound_unknown: Float[Tensor, ""]
    total: Float[Tensor, ""]


def pair_terms(
    logits: Float[Tensor, "twice classes height width"],
    ood_score: Float[Tensor, "twice height width"],
    target: Integer[Tensor, "twice height width"],
    config: ContrastiveConfig,
    *,
    generator: torch.Generator | None = None,
) -> ContrastiveTerms | AbsoluteTerms | ExposureTerms:
    """Terms of the loss that ``config.reference`` names, `total` among them.

    All hold to what `relative_contrastive_terms` says of halves, labels, precision and missing
    pixels. Only the relative loss draws from the generator.

    Raises:
        ValueError: if the shapes do not fit.
        TypeError: if the target is not made of integers.
    """
    if config.reference == "relative":
        return relative_contrastive_terms(
            logits, ood_score, target, **config.keywords(), generator=generator
        )
    check_batch(logits, ood_score, target)
    way = absolute_terms if config.reference == "absolute" else exposure_terms
    return way(logits, ood_score, target, config)


def absolute_terms(
    logits: Float[Tensor, "twice classes height width"],
    ood_score: Float[Tensor, "twice height width"],
    target: Integer[Tensor, "twice height width"],
    config: ContrastiveConfig,
) -> AbsoluteTerms:
    """Each term, and ``w0 CE + w1 CE`` plus the three hinges of `absolute_hinges`.

    Reference: Gao et al. 2024, table 5; see `absolute_hinges`.
    """
    labels, score = target.long(), ood_score.float()
    is_in, is_ood = in_distribution(labels), out_of_distribution(labels)
    ce = half_cross_entropies(logits, labels, is_in, config)
    hinges = absolute_hinges(score, is_in, is_ood, targets=config.targets)
    weighted = config.ce_weights[0] * ce[0] + config.ce_weights[1] * ce[1]
    return AbsoluteTerms(*ce, *hinges, weighted + hinges[0] + hinges[1] + hinges[2])


def exposure_terms(
    logits: Float[Tensor, "twice classes height width"],
    ood_score: Float[Tensor, "twice height width"],
    target: Integer[Tensor, "twice height width"],
    config: ContrastiveConfig,
) -> ExposureTerms:
    """Each term, and ``w CE + exposure_weight (bound + bound)``; w is either of ``ce_weights``.

    Reference: Liu et al. 2020 (arXiv 2010.03759), eq. 8; lambda there is 0.1.
    """
    labels, score = target.long(), ood_score.float()
    is_in, is_ood = in_distribution(labels), out_of_distribution(labels)
    if config.ce_weights[0]:
        ce = known_cross_entropy(pixel_cross_entropy(logits, labels, is_in), is_in)
    else:
        ce = no_cross_entropy(logits)
    known, unknown = energy_bounds(score, is_in, is_ood, targets=config.targets)
    total = config.ce_weights[0] * ce + config.exposure_weight * (known + unknown)
    return ExposureTerms(ce, known, unknown, total)
