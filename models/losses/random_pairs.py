"""Hinges between known and unknown pixels, over pixels that are paired at random.

One sort of all pixels by random keys draws everything. Its order is uniform over all orders, so
the orders of the disjoint sets I, A and O within it are uniform and independent of each other: the
first n of each set are a random choice without repetition, and their ranks are a random pairing.
"""

import torch
from jaxtyping import Bool, Float, Int32, Int64
from torch import Tensor

from models.losses.regions import masked_mean

_SPAN = 2**30  # keys of each of the four sets; they fill int32


def random_pair_hinges(
    ood_score: Float[Tensor, "twice height width"],
    is_in: Bool[Tensor, "twice height width"],
    is_ood: Bool[Tensor, "twice height width"],
    *,
    margins: tuple[float, float],
    sample_ratio: float,
    generator: torch.Generator | None,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Means of ``relu(original + margin - ood)`` and of ``relu(generated + margin - ood)``.

    Each over n random pairs, both with the same n unknown pixels; 0 if n is 0.

    Reference: Gao et al. 2024, eq. 4, first and second term; code: lib/loss.py.
    """
    chosen, is_pair = _draw(is_in, is_ood, sample_ratio=sample_ratio, generator=generator)
    original, generated, ood = ood_score.flatten().gather(0, chosen.flatten()).view(3, -1)
    return (
        masked_mean((original + margins[0] - ood).relu(), is_pair),
        masked_mean((generated + margins[1] - ood).relu(), is_pair),
    )


def _draw(
    is_in: Bool[Tensor, "twice height width"],
    is_ood: Bool[Tensor, "twice height width"],
    *,
    sample_ratio: float,
    generator: torch.Generator | None,
) -> tuple[Int64[Tensor, "3 slots"], Bool[Tensor, " slots"]]:
    """Flat places of pixels from I, A and O in random order, and which slots hold a pair.

    ``n = min(|I|, |A|, |O|, sample_ratio * all)`` slots do. The sets share the pixels, so a third
    of them bounds n whatever the labels are.
    """
    n_pixels, n_most = is_in.numel(), int(sample_ratio * is_in.numel())
    order = _random_keys(is_in, is_ood, generator).flatten().sort().indices
    sizes = torch.stack([*(half.sum() for half in is_in.chunk(2)), is_ood.sum()])
    starts = sizes.cumsum(0) - sizes
    slots = torch.arange(min(n_pixels // 3, n_most), device=order.device)
    # Slots past the end of a set wrap around, so that no place is written by many at once.
    places = (starts[:, None] + slots) % n_pixels
    return order[places], slots < sizes.min().clamp(max=n_most)


def _random_keys(
    is_in: Bool[Tensor, "twice height width"],
    is_ood: Bool[Tensor, "twice height width"],
    generator: torch.Generator | None,
) -> Int32[Tensor, "twice height width"]:
    """Keys that sort I before A before O before void, and at random within each of them.

    Two pixels of a set share a key once in 2**30 times; such a pair keeps an order that is not
    random.
    """
    drawn = torch.randint(
        _SPAN, is_in.shape, generator=generator, dtype=torch.int32, device=is_in.device
    )
    rank = torch.full_like(drawn, 1).masked_fill(is_ood, 0)
    original, generated = rank.chunk(2)
    is_in_original, is_in_generated = is_in.chunk(2)
    rank = torch.cat(
        [original.masked_fill(is_in_original, -2), generated.masked_fill(is_in_generated, -1)]
    )
    return rank * _SPAN + drawn
