"""The cross-entropy of the original and of the generated half, as the settings ask for it."""

from jaxtyping import Bool, Float, Int64
from torch import Tensor

from models.losses.cross_entropy import (
    mean_cross_entropy,
    pixel_cross_entropy,
    selected_cross_entropy,
)
from models.losses.settings import ContrastiveConfig


def half_cross_entropies(
    logits: Float[Tensor, "twice classes height width"],
    labels: Int64[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
    chosen: ContrastiveConfig,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Means over the original and over the selected pixels of the generated half.

    Where both weights are 0 nothing is computed and both read 0, with zero gradient.

    Reference: Gao et al. 2024, eq. 2 and 6; code: lib/loss.py.
    """
    if not any(chosen.ce_weights):
        nothing = no_cross_entropy(logits)
        return nothing, nothing
    original, generated = pixel_cross_entropy(logits, labels, is_in).chunk(2)
    if chosen.selection_ratio in (None, 1):
        return mean_cross_entropy(original), mean_cross_entropy(generated)
    is_known = is_in.chunk(2)[1]
    selected = selected_cross_entropy(generated, is_known, ratio=chosen.selection_ratio)
    return mean_cross_entropy(original), selected


def no_cross_entropy(logits: Float[Tensor, "twice classes height width"]) -> Float[Tensor, ""]:
    """0 in float32; the logits stay in the graph, with zero gradient."""
    return logits[:0].float().sum()
