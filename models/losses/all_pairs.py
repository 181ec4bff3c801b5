"""Hinges between known and unknown pixels, over all their pairs: what random pairing expects.

A hinge is linear in the scores once it is known which pairs are active. One ascending order says
for each pixel in how many pairs it is active; the sum over millions of millions of pairs becomes a
sum over pixels. Counts are integers and products are float64, so nothing is lost on the way.
"""

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor


def all_pair_hinges(
    ood_score: Float[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
    is_ood: Bool[Tensor, "twice height width"],
    *,
    margins: tuple[float, float],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Means of ``relu(original + margin - ood)`` and of ``relu(generated + margin - ood)``.

    Each over all pairs of a pixel of its half and an unknown pixel of either half; 0 if there is
    no such pair. A pair at the border, where the hinge is 0, has no gradient.

    Reference: Gao et al. 2024, eq. 4, first and second term, their expectation.
    """
    original, generated = ood_score.chunk(2)
    raised = torch.cat([original + margins[0], generated + margins[1]])
    compared = torch.where(is_ood, ood_score, raised).flatten()
    order = _ascending(compared.detach(), is_ood.flatten())
    compared, is_ood = compared.gather(0, order), is_ood.flatten().gather(0, order)
    is_in, is_first = is_in.flatten().gather(0, order), order < len(order) // 2
    return (
        _mean_of_pairs(compared, is_in & is_first, is_ood),
        _mean_of_pairs(compared, is_in & ~is_first, is_ood),
    )


def _ascending(
    compared: Float[Tensor, " pixels"], is_ood: Bool[Tensor, " pixels"]
) -> Int64[Tensor, " pixels"]:
    """Order by value; of equal values unknown pixels come last, since such a pair is not active."""
    by_role = is_ood.to(torch.uint8).sort(stable=True).indices
    by_value = compared.gather(0, by_role).sort(stable=True).indices
    return by_role.gather(0, by_value)


def _mean_of_pairs(
    compared: Float[Tensor, " pixels"],
    is_in: Bool[Tensor, " pixels"],
    is_ood: Bool[Tensor, " pixels"],
) -> Float[Tensor, ""]:
    """Mean of ``relu(known - ood)`` over all pairs, from values in the order of `_ascending`."""
    n_in, n_ood = is_in.sum(), is_ood.sum()
    n_active = is_in * is_ood.cumsum(0) - is_ood * (n_in - is_in.cumsum(0))
    weights = n_active.double() / (n_in * n_ood).clamp(min=1)
    return (weights * compared.masked_fill(n_active == 0, 0).double()).sum().float()
