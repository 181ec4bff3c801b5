"""Hinges of each OOD score against a fixed target: the method without its relative comparison."""

from jaxtyping import Bool, Float
from torch import Tensor

from models.losses.regions import masked_mean


def absolute_hinges(
    ood_score: Float[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
    is_ood: Bool[Tensor, "twice height width"],
    *,
    targets: tuple[float, float],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
    """Means of ``relu(original - t_in)``, ``relu(generated - t_in)`` and ``relu(t_ood - ood)``.

    Each over all pixels of its set: known ones of the original half, known ones of the generated
    half, unknown ones of both; 0 where the set is empty.

    Reference: the comparison "absolute instead of relative" of Gao et al. 2024, table 5, which
    names no formula; this is eq. 4 with the other score of each pair replaced by a constant and
    without the third term, which compares nothing but halves.

    Args:
        ood_score: higher is further out of distribution.
        is_in: pixels of known classes.
        is_ood: pixels of unknown objects.
        targets: t_in, which known pixels shall not exceed, and t_ood, which unknown ones shall
            reach.
    """
    in_target, ood_target = targets
    over, under = (ood_score - in_target).relu(), (ood_target - ood_score).relu()
    halves = zip(over.chunk(2), is_in.chunk(2), strict=True)
    original, generated = (masked_mean(own, is_own) for own, is_own in halves)
    return original, generated, masked_mean(under, is_ood)
