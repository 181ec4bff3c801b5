"""The relative contrastive loss: cross-entropy of both halves and three hinges of OOD scores.

Nothing here waits for the device or depends in its shape on the labels. Values of the labels
are not looked at: whoever reads a label refuses what lies outside the coding.
"""

from typing import NamedTuple, Unpack

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from models.losses.all_pairs import all_pair_hinges
from models.losses.batch_check import check_batch
from models.losses.half_cross_entropies import half_cross_entropies
from models.losses.random_pairs import random_pair_hinges
from models.losses.regions import in_distribution, out_of_distribution
from models.losses.settings import ContrastiveConfig, LossKeywords, contrastive_config
from models.losses.shared_hinge import shared_hinge


class ContrastiveTerms(NamedTuple):
    """The terms before their weights, and their weighted sum; float32 scalars.

    ``hinge_original`` and ``hinge_generated`` set known pixels of that half against unknown ones of
    both, ``hinge_shared`` sets the halves against each other.
    """

    ce_original: Float[Tensor, ""]
    ce_generated: Float[Tensor, ""]
    hinge_original: Float[Tensor, ""]
    hinge_generated: Float[Tensor, ""]
    hinge_shared: Float[Tensor, ""]
    total: Float[Tensor, ""]


def relative_contrastive_loss(
    logits: Float[Tensor, "twice classes height width"],
    ood_score: Float[Tensor, "twice height width"],
    target: Integer[Tensor, "twice height width"],
    **settings: Unpack[LossKeywords],
) -> Float[Tensor, ""]:
    """The sum of `relative_contrastive_terms`, which says what is asked for and raised."""
    return relative_contrastive_terms(logits, ood_score, target, **settings).total


def relative_contrastive_terms(
    logits: Float[Tensor, "twice classes height width"],
    ood_score: Float[Tensor, "twice height width"],
    target: Integer[Tensor, "twice height width"],
    **settings: Unpack[LossKeywords],
) -> ContrastiveTerms:
    """Each term of the loss, and their sum ``w0 CE + w1 CE + L1 + L2 + L3``.

    The first half of the batch is original, the second half holds the generated picture of the same
    frames in the same order. Computed in float32, also under autocast. A term whose pixels are
    missing is exactly 0 with zero gradient. Where both weights of the cross-entropy are 0 it is not
    computed and reads 0.

    Reference: Gao et al. 2024, eq. 2 to 6, in the form of its code: lib/loss.py.

    Args:
        logits: before softmax.
        ood_score: higher is further out of distribution.
        target: train ids 0 to 18, 254 on unknown objects, 255 void; of any integer type.
        settings: see `LossKeywords`; `DEEPLAB_LOSS` and `MASK2FORMER_LOSS` are the published ones.

    Raises:
        ValueError: if the shapes or a setting do not fit.
        TypeError: if the target is not made of integers.
    """
    chosen, generator = contrastive_config(settings), settings.get("generator")
    if chosen.reference != "relative":
        raise ValueError(
            f"need the reference 'relative' for this loss, got {chosen.reference!r}, which "
            "pair_terms computes"
        )
    check_batch(logits, ood_score, target)
    labels, score = target.long(), ood_score.float()
    is_in, is_ood = in_distribution(labels), out_of_distribution(labels)
    ce = half_cross_entropies(logits, labels, is_in, chosen)
    hinges = _pair_hinges(score, is_in, is_ood, chosen, generator)
    is_tolerance = chosen.third_sign == "published"
    shared = shared_hinge(score, is_in, margin=chosen.margins[2], is_tolerance=is_tolerance)
    weighted = chosen.ce_weights[0] * ce[0] + chosen.ce_weights[1] * ce[1]
    return ContrastiveTerms(*ce, *hinges, shared, weighted + hinges[0] + hinges[1] + shared)


def _pair_hinges(
    score: Float[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
    is_ood: Bool[Tensor, "twice height width"],
    chosen: ContrastiveConfig,
    generator: torch.Generator | None,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    margins = (chosen.margins[0], chosen.margins[1])
    if chosen.pairing == "all":
        return all_pair_hinges(score, is_in, is_ood, margins=margins)
    return random_pair_hinges(
        score,
        is_in,
        is_ood,
        margins=margins,
        sample_ratio=chosen.sample_ratio,
        generator=generator,
    )
