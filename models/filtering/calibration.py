"""The OOD threshold as a quantile of what a detector says of known pixels.

The published -3.02 belongs to one detector. With another, score the pixels of known classes on real
images first; the quantile is then the share of them that lies below the threshold. The filter
compares the *mean* score over an object with it: a mean of many pixels spreads less than single
pixels do, so a quantile of 0.95 lets far less than 5 % of known objects pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64, Integer, UInt32

from storage.label_space import N_CLASSES

_DROPPED_BITS = 12
N_BINS = 1 << (32 - _DROPPED_BITS)
_SIGN = np.uint32(1 << 31)


@dataclass(frozen=True, eq=False)
class ScoreHistogram:
    """How many scores fall into each of 2**20 bins, for streams of any length and any range.

    A bin holds the float32 numbers that share sign, exponent and 11 bits of the mantissa: it is
    narrower than 1/2000 of its values. Counts do not depend on the order of the scores, and
    histograms of different workers add up.
    """

    counts: Int64[np.ndarray, " bins"]

    @classmethod
    def of(cls, scores: Float[np.ndarray, "*pixels"]) -> "ScoreHistogram":
        """Histogram of some scores, none included.

        Raises:
            ValueError: if a score is not finite.
        """
        values = np.asarray(scores, dtype=np.float32).ravel()
        is_finite = np.isfinite(values)
        if not is_finite.all():
            n_others = np.count_nonzero(~is_finite)
            raise ValueError(
                f"need finite OOD scores, got {n_others} of {values.size} that are not"
            )
        bins = _ordered_bits(values) >> _DROPPED_BITS
        return cls(np.bincount(bins, minlength=N_BINS).astype(np.int64))

    def __add__(self, other: "ScoreHistogram") -> "ScoreHistogram":
        return ScoreHistogram(self.counts + other.counts)

    @property
    def n_scores(self) -> int:
        """Scores counted."""
        return int(self.counts.sum())

    def quantile(self, frac: float) -> float:
        """Threshold that at least the share ``frac`` of the scores does not exceed.

        It is the upper edge of the bin of the exact quantile: never below it, and above it by less
        than 1/2000 of its size.

        Raises:
            ValueError: if ``frac`` lies outside (0, 1), or there are so few scores that not one is
                expected beyond the quantile.
        """
        if not 0 < frac < 1:
            raise ValueError(f"need a quantile between 0 and 1, got {frac}")
        n_scores = self.n_scores
        n_needed = int(np.ceil(1 / min(frac, 1 - frac)))
        if n_scores < n_needed:
            raise ValueError(
                f"need at least {n_needed} in-distribution scores for the quantile {frac}, got "
                f"{n_scores}"
            )
        first = int(np.searchsorted(np.cumsum(self.counts), np.ceil(frac * n_scores)))
        return _upper_edge(first)


def calibrate_threshold(
    in_distribution_scores: Iterable[Float[np.ndarray, "..."]], quantile: float
) -> float:
    """OOD threshold that at least the share ``quantile`` of known pixels does not exceed.

    Takes the scores image by image and holds one at a time; see `ScoreHistogram` for accuracy.

    Args:
        in_distribution_scores: of pixels of known classes on images that the filter trusts, higher
            is further out of distribution; `known_scores` gives those of one image.
        quantile: between 0 and 1, such as 0.95.

    Raises:
        ValueError: if the quantile lies outside (0, 1), a score is not finite, or there are too
            few.
    """
    histogram = ScoreHistogram.of(np.empty(0, np.float32))
    for scores in in_distribution_scores:
        histogram += ScoreHistogram.of(scores)
    return histogram.quantile(quantile)


def known_scores(
    ood_score: Float[np.ndarray, "height width"],
    label_train_ids: Integer[np.ndarray, "height width"],
) -> Float[np.ndarray, " pixels"]:
    """Scores of the pixels of a known class, 0 to 18; void and OOD pixels are left out."""
    return ood_score[(label_train_ids >= 0) & (label_train_ids < N_CLASSES)]


def resolve_ood_threshold(
    *,
    number: float | None = None,
    quantile: float | None = None,
    in_distribution: ScoreHistogram | None = None,
) -> float:
    """Threshold in the detector's own unit, from a number or from a quantile of known pixels.

    Raises:
        ValueError: unless exactly one of number and quantile is given, and with a quantile also
            the histogram.
    """
    if (number is None) == (quantile is None):
        raise ValueError(
            "need an OOD threshold as a number or as a quantile, got "
            f"number={number} and quantile={quantile}"
        )
    if quantile is None:
        return float(number)  # type: ignore[arg-type]
    if in_distribution is None:
        raise ValueError(
            f"need in-distribution scores for the quantile {quantile}, got none; calibrate first"
        )
    return in_distribution.quantile(quantile)


def _ordered_bits(values: Float[np.ndarray, " pixels"]) -> UInt32[np.ndarray, " pixels"]:
    """Whole numbers in the order of the float32 numbers; negative ones count backwards."""
    bits = values.view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _upper_edge(bin_index: int) -> float:
    """Largest float32 number of a bin."""
    ordered = np.uint32(((bin_index + 1) << _DROPPED_BITS) - 1)
    bits = ordered ^ _SIGN if ordered & _SIGN else ~ordered
    return float(np.uint32(bits).view(np.float32))
