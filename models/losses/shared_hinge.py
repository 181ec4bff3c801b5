"""The hinge between both pictures of a frame, at the same place."""

from jaxtyping import Bool, Float
from torch import Tensor

from models.losses.regions import masked_mean


def shared_hinge(
    ood_score: Float[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
    *,
    margin: float,
    is_tolerance: bool,
) -> Float[Tensor, ""]:
    """Mean of ``relu(generated - original - margin)`` over pixels of known classes in both.

    Eq. 4 expands to ``+ margin``, which pushes the generated score below the original one; the
    published code subtracts it, which lets the generated score rise by as much. `is_tolerance`
    chooses the code's form.

    Reference: Gao et al. 2024, eq. 4, third term; code: lib/loss.py.
    """
    original, generated = ood_score.chunk(2)
    is_in_original, is_in_generated = is_in.chunk(2)
    hinge = (generated - original + (-margin if is_tolerance else margin)).relu()
    return masked_mean(hinge, is_in_original & is_in_generated)
