"""Energy-bounded learning: the field's usual loss with outliers, blind to which half is which."""

from jaxtyping import Bool, Float
from torch import Tensor

from models.losses.regions import masked_mean


def known_cross_entropy(
    pixel_ce: Float[Tensor, "twice height width"], is_in: Bool[Tensor, "twice height width"]
) -> Float[Tensor, ""]:
    """Mean over the pixels of known classes of both halves as one set; 0 where there are none.

    Reference: Liu et al. 2020 (arXiv 2010.03759), eq. 8, first term.
    """
    return masked_mean(pixel_ce, is_in)


def energy_bounds(
    ood_score: Float[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
    is_ood: Bool[Tensor, "twice height width"],
    *,
    targets: tuple[float, float],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Means of ``relu(known - t_in)**2`` and of ``relu(t_ood - unknown)**2``, halves as one set.

    Each 0 where its set is empty. The energy of the reference is the OOD score as it is used here:
    minus the log-sum-exp of logits, higher on unknown objects.

    Reference: Liu et al. 2020 (arXiv 2010.03759), eq. 9, m_in and m_out being the targets.

    Args:
        ood_score: higher is further out of distribution.
        is_in: pixels of known classes.
        is_ood: pixels of unknown objects.
        targets: t_in, which known pixels shall not exceed, and t_ood, which unknown ones shall
            reach.
    """
    # Filled before the square: the slope of the square of an infinite score is no number.
    over = (ood_score - targets[0]).relu().masked_fill(~is_in, 0)
    under = (targets[1] - ood_score).relu().masked_fill(~is_ood, 0)
    return masked_mean(over.square(), is_in), masked_mean(under.square(), is_ood)
