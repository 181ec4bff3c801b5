"""Which pixels a term compares, and means over them that need no answer from the device.

Masks are filled in, never used as an index: the number of true pixels is data, and an index of
that size would make the host wait for it.
"""

from jaxtyping import Bool, Float, Int64
from torch import Tensor

from storage.label_space import VOID_ID

_BORDER = 99  # the published code parts classes from unknown objects here, not at 19 or 254


def in_distribution(
    labels: Int64[Tensor, "twice height width"],
) -> Bool[Tensor, "twice height width"]:
    """Pixels of known classes: I in the original half, A in the generated half.

    Reference: Gao et al. 2024, code: lib/loss.py.
    """
    return labels < _BORDER


def out_of_distribution(
    labels: Int64[Tensor, "twice height width"],
) -> Bool[Tensor, "twice height width"]:
    """Pixels of unknown objects, O, in both halves; void is in no region.

    Reference: Gao et al. 2024, code: lib/loss.py.
    """
    return (labels > _BORDER) & (labels != VOID_ID)


def masked_mean(values: Float[Tensor, "*any"], mask: Bool[Tensor, "*any"]) -> Float[Tensor, ""]:
    """Mean where the mask is true; exactly 0, with zero gradient, where it is true nowhere.

    Values outside the mask have no effect, not even where they are infinite or no number.
    """
    return values.masked_fill(~mask, 0).sum() / mask.sum().clamp(min=1)
