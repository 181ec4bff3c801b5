"""Cross-entropy of both halves; in the generated half only of the pixels that are easy."""

import math

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torch.nn.functional import cross_entropy

from models.losses.regions import masked_mean
from storage.label_space import VOID_ID


def pixel_cross_entropy(
    logits: Float[Tensor, "twice classes height width"],
    labels: Int64[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
) -> Float[Tensor, "twice height width"]:
    """Cross-entropy of each pixel in nats, 0 outside the known classes.

    Both halves in one call: cut in halves, the logits would be copied once more on the way back.
    Logits in channels_last are read as they lie, and so is their gradient.

    Reference: Gao et al. 2024, code: lib/loss.py.
    """
    known = labels.masked_fill(~is_in, VOID_ID)
    by_pixel = logits.permute(0, 2, 3, 1)
    if not by_pixel.is_contiguous():
        return cross_entropy(logits.float(), known, ignore_index=VOID_ID, reduction="none")
    rows, classes = by_pixel.flatten(0, 2).float(), known.flatten()
    ce = cross_entropy(rows, classes, ignore_index=VOID_ID, reduction="none")
    return ce.view_as(labels)


def mean_cross_entropy(pixel_ce: Float[Tensor, "pairs height width"]) -> Float[Tensor, ""]:
    """Mean over all pixels: void and unknown objects count as 0.

    Reference: Gao et al. 2024, code: lib/loss.py.
    """
    return pixel_ce.mean()


def selected_cross_entropy(
    pixel_ce: Float[Tensor, "pairs height width"],
    is_in: Bool[Tensor, "pairs height width"],
    *,
    ratio: float,
) -> Float[Tensor, ""]:
    """Mean over the ``int(ratio * n)`` smallest of the n pixels of known classes.

    All images of the half compete with each other. Of pixels that tie at the border the first ones
    are kept. 0 where none is kept.

    Reference: Gao et al. 2024, small-loss selection; code: lib/loss.py.
    """
    n_kept = (is_in.sum().double() * ratio).long()
    ascending = pixel_ce.masked_fill(~is_in, math.inf).flatten().sort(stable=True).values
    is_kept = torch.arange(ascending.numel(), device=ascending.device) < n_kept
    return masked_mean(ascending, is_kept)
