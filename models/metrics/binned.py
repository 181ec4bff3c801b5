"""The same numbers in one pass and fixed memory, each with bounds that hold for certain.

Bins are the leading bits of a float32, so that they need no range: with 20 bits there are 2048 in
every octave, each at most 1/2048 of its scores wide.
"""

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Int64

from models.metrics.pixel_check import (
    LabelMap,
    ScoreMap,
    Scores,
    checked_chunks,
    count_void,
    split_classes,
)
from models.metrics.sweep import RECALL, Curve, PixelScores, refuse_one_class

Counts = Int64[np.ndarray, " bins"]
Bounds = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class BinnedScores(PixelScores):
    """Pixel scores where all scores in a bin count as equal, with bounds of the exact ones.

    Attributes:
        auroc_bounds: lowest and highest AUROC that scores with these counts can have.
        ap_bounds: bounds of AP; no scores with these counts lie outside.
        fpr95_bounds: bounds of FPR95.
        fpr95_nearest_bounds: bounds of FPR95 at the nearest recall.
    """

    auroc_bounds: Bounds
    ap_bounds: Bounds
    fpr95_bounds: Bounds
    fpr95_nearest_bounds: Bounds


class BinnedPixelMetrics:
    """Pixels counted in bins: 16 bytes a bin however many there are; merging in any order is equal.

    Args:
        n_bits: leading bits of a score that name its bin, 10 to 26; 20 take 16 MiB.

    Raises:
        ValueError: if `n_bits` lies outside.
    """

    def __init__(self, *, n_bits: int = 20) -> None:
        if not 10 <= n_bits <= 26:
            raise ValueError(f"need 10 to 26 bits for a bin, got {n_bits}")
        self._n_bits = n_bits
        self._n_in = np.zeros(1 << n_bits, np.int64)
        self._n_ood = np.zeros(1 << n_bits, np.int64)
        self._n_images, self._n_void = 0, 0

    def update(self, score: ScoreMap, label: LabelMap) -> None:
        """Count the pixels of an image; arguments and errors as for `PixelMetrics.update`."""
        chunks = checked_chunks(score, label)
        for known, ood in split_classes(chunks):
            self._n_in += self._counts(known)
            self._n_ood += self._counts(ood)
        self._n_images += 1
        self._n_void += count_void(chunks)

    def merge(self, other: "BinnedPixelMetrics") -> None:
        """Count all that another one has counted, which stays as it is.

        Raises:
            ValueError: if its bins are others.
        """
        if other._n_bits != self._n_bits:
            raise ValueError(f"need bins of {self._n_bits} bits, got {other._n_bits}")
        self._n_in, self._n_ood = self._n_in + other._n_in, self._n_ood + other._n_ood
        self._n_images += other._n_images
        self._n_void += other._n_void

    def compute(self) -> BinnedScores:
        """The numbers so far, and bounds of the exact ones.

        Raises:
            ValueError: if there are no pixels of one class.
        """
        total_in, total_ood = int(self._n_in.sum()), int(self._n_ood.sum())
        refuse_one_class(total_in, total_ood)
        bins = np.flatnonzero(self._n_ood)
        up_to = np.cumsum(self._n_in)[bins]
        n_in, n_ood = self._n_in[bins], self._n_ood[bins]
        curve = Curve(total_in, total_ood)
        values = self._lowest(bins)
        curve.take(values, n_ood, up_to - n_in, up_to, n_in=total_in, n_ood=total_ood)
        middle = asdict(curve.scores(n_void=self._n_void, n_images=self._n_images))
        bounds = _Bins(n_in=n_in, n_ood=n_ood, up_to=up_to, total_in=total_in)
        middle["estimator"] = f"binned by the leading {self._n_bits} bits"
        return BinnedScores(
            **middle,
            auroc_bounds=bounds.auroc(),
            ap_bounds=bounds.ap(),
            fpr95_bounds=bounds.fpr95(),
            fpr95_nearest_bounds=bounds.fpr95_nearest(),
        )

    def _counts(self, scores: Scores) -> Counts:
        if not scores.size:
            return np.zeros(1, np.int64)
        bits = (scores + np.float32(0)).view(np.uint32)  # -0 and 0 are one score
        ranks = bits ^ np.where(bits >> 31, np.uint32(0xFFFF_FFFF), np.uint32(0x8000_0000))
        return np.bincount(ranks >> (32 - self._n_bits), minlength=1 << self._n_bits)

    def _lowest(self, bins: Int64[np.ndarray, " bins"]) -> Scores:
        ranks = bins.astype(np.uint32) << np.uint32(32 - self._n_bits)
        is_positive = ranks >> 31
        bits = ranks ^ np.where(is_positive, np.uint32(0x8000_0000), np.uint32(0xFFFF_FFFF))
        return bits.view(np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bins:
    """Bins with OOD pixels, ascending: what they hold, and in-distribution pixels up to each."""

    n_in: Counts
    n_ood: Counts
    up_to: Counts
    total_in: int

    def auroc(self) -> Bounds:
        """All pairs within a bin are lost, or won."""
        n_pairs = float(self.total_in) * float(self.n_ood.sum())
        low, high = (
            float(np.dot(self.n_ood.astype(float), below.astype(float))) / n_pairs
            for below in (self.up_to - self.n_in, self.up_to)
        )
        return low, min(high, 1.0)

    def ap(self) -> Bounds:
        """The OOD pixels of each bin all come last, or all first as if equal.

        The last of them one by one sum to no less than the integral of the precision, and to no
        less than as many times the first precision.
        """
        n_ood = self.n_ood.astype(np.float64)
        found = self._ood_above().astype(np.float64)
        above = (self.total_in - self.up_to).astype(np.float64)
        wrong = above + self.n_in
        high = n_ood * (found + n_ood) / (found + n_ood + above)
        growth = np.log1p(n_ood / np.maximum(found + wrong, 1))
        integral = np.where(wrong > 0, n_ood - wrong * growth, n_ood)
        low = np.maximum(integral, n_ood * (found + 1) / (found + 1 + wrong))
        return float(low.sum() / n_ood.sum()), min(float(high.sum() / n_ood.sum()), 1.0)

    def fpr95(self) -> Bounds:
        """The threshold lies in the bin in which recall reaches 95 %."""
        place = self._reaching()
        above = self.total_in - int(self.up_to[place])
        return above / self.total_in, (above + int(self.n_in[place])) / self.total_in

    def fpr95_nearest(self) -> Bounds:
        """The nearest recall is in that bin or at its ends, its threshold down to the next OOD."""
        place = self._reaching()
        low, _ = self.fpr95()
        lower = max(place - 1, 0)
        flagged = self.total_in - int(self.up_to[lower]) + int(self.n_in[lower])
        return low, flagged / self.total_in

    def _ood_above(self) -> Counts:
        return np.asarray(self.n_ood.sum() - np.cumsum(self.n_ood))

    def _reaching(self) -> int:
        recall = (self._ood_above() + self.n_ood) / self.n_ood.sum()
        return int(np.count_nonzero(recall >= RECALL)) - 1
