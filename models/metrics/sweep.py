"""Exact curves of two piles of scores, read once from the lowest score to the highest.

Only values that OOD pixels have can be thresholds that matter: recall rises nowhere else.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from models.metrics.merging import Span, joined, spans
from models.metrics.score_pile import ScorePile

RECALL = 0.95

Scores = Float32[np.ndarray, " thresholds"]
Counts = Int64[np.ndarray, " thresholds"]


@dataclass(frozen=True, kw_only=True)
class PixelScores:
    """How well scores tell OOD pixels from others; pixels at or above a threshold are flagged.

    Attributes:
        auroc: chance that an OOD pixel scores above another one, equal scores counting half.
        ap: sum over recall gained of the precision there; equal scores count together.
        fpr95: share of in-distribution pixels flagged at the highest threshold that finds at least
            95 % of the OOD pixels (the rule of SMIYC).
        fpr95_nearest: the same at the threshold whose recall is nearest to 95 %, which may lie
            below; of thresholds with that recall the lowest, of recalls as near the higher one (the
            rule of the first implementation, Gao et al. 2024).
        best_f1: highest F1 of a threshold, in [0, 1].
        best_f1_threshold: that threshold, the highest if several do as well.
        n_in: in-distribution pixels.
        n_ood: OOD pixels.
        n_void: pixels that were left out.
        n_images: arrays that were given.
        estimator: rule by which the numbers were made.
    """

    auroc: float
    ap: float
    fpr95: float
    fpr95_nearest: float
    best_f1: float
    best_f1_threshold: float
    n_in: int
    n_ood: int
    n_void: int = 0
    n_images: int = 1
    estimator: str = "exact"


def sweep(
    in_scores: ScorePile, ood_scores: ScorePile, *, n_void: int, n_images: int
) -> PixelScores:
    """Exact numbers of all scores in two piles.

    Raises:
        ValueError: if one of them is empty.
    """
    refuse_one_class(len(in_scores), len(ood_scores))
    curve = Curve(len(in_scores), len(ood_scores))
    in_parts, ood_parts = in_scores.sorted_parts(), ood_scores.sorted_parts()
    for span in spans(in_parts, ood_parts):
        if not span.n_ood:
            curve.pass_by(span.n_in)
        elif span.value is not None:
            curve.take(*_one_value(span), n_in=span.n_in, n_ood=span.n_ood)
        else:
            curve.take(*_thresholds(span), n_in=span.n_in, n_ood=span.n_ood)
    return curve.scores(n_void=n_void, n_images=n_images)


def refuse_one_class(n_in: int, n_ood: int) -> None:
    """Raise ValueError unless there are pixels of both classes."""
    if not (n_in and n_ood):
        raise ValueError(
            f"need scored pixels of both classes, got {n_in} in distribution and {n_ood} OOD"
        )


def _one_value(span: Span) -> tuple[Scores, Counts, Counts, Counts]:
    value, n_ood, n_in = ([span.value], [span.n_ood], [span.n_in])
    counts = np.array([n_ood, [0], n_in], np.int64)
    return np.array(value, np.float32), counts[0], counts[1], counts[2]


def _thresholds(span: Span) -> tuple[Scores, Counts, Counts, Counts]:
    """Distinct OOD scores, OOD pixels at each, and in-distribution ones below and up to each."""
    ood, known = joined(span.ood_slices), joined(span.in_slices)
    starts = np.flatnonzero(np.append(True, ood[1:] != ood[:-1]))
    values, n_ood = ood[starts], np.diff(starts, append=len(ood))
    below = np.searchsorted(known, values, side="left")
    up_to = below.copy()
    is_inside = below < len(known)
    tied = np.flatnonzero(is_inside)[known[below[is_inside]] == values[is_inside]]
    up_to[tied] = np.searchsorted(known, values[tied], side="right")
    return values, n_ood, below, up_to


class Curve:
    """Sums over thresholds that come in ascending order."""

    def __init__(self, n_in: int, n_ood: int) -> None:
        self._n_in, self._n_ood = n_in, n_ood
        self._in_below, self._ood_below = 0, 0
        self._in_up_to_last: int | None = None  # in-distribution pixels at most at the last one
        self._twice_pairs = 0  # Python's integers: the product of two counts may leave 64 bits
        self._precision_sum = 0.0
        self._n_flagged = n_in
        self._nearest = (np.inf, n_in)
        self._best_f1 = (-1.0, 0.0)

    def pass_by(self, n_in: int) -> None:
        """Leave in-distribution pixels below."""
        self._in_below += n_in

    def take(
        self,
        values: Scores,
        n_at: Counts,
        below: Counts,
        up_to: Counts,
        *,
        n_in: int,
        n_ood: int,
    ) -> None:
        """Count the next stretch of scores.

        Args:
            values: distinct OOD scores, ascending.
            n_at: OOD pixels at each.
            below: in-distribution pixels of this stretch below each.
            up_to: and at most at each.
            n_in: in-distribution pixels of the stretch.
            n_ood: its OOD pixels.
        """
        ood_below = self._ood_below + np.cumsum(n_at) - n_at
        found = self._n_ood - ood_below
        flagged = self._n_in - self._in_below - below
        inside = int(np.dot(n_at.astype(np.float64), (below + up_to).astype(np.float64)))
        self._twice_pairs += 2 * self._in_below * n_ood + inside
        self._precision_sum += float((n_at * (found / (found + flagged))).sum())
        n_reaching = int(np.count_nonzero(found / self._n_ood >= RECALL))
        if n_reaching:
            self._n_flagged = int(flagged[n_reaching - 1])
        self._keep_nearest(found, below, up_to)
        self._keep_best(values, 2 * found / (found + flagged + self._n_ood))
        self._in_up_to_last = self._in_below + int(up_to[-1])
        self._in_below += n_in
        self._ood_below += n_ood

    def _keep_nearest(self, found: Counts, below: Counts, up_to: Counts) -> None:
        """The lowest threshold of a recall lies just above the next lower OOD score."""
        first = self._in_below + below[0] if self._in_up_to_last is None else self._in_up_to_last
        left_out = np.append(first, self._in_below + up_to[:-1])
        distance = np.abs(found / self._n_ood - RECALL)
        place = int(distance.argmin())
        if distance[place] < self._nearest[0]:
            self._nearest = (float(distance[place]), self._n_in - int(left_out[place]))

    def _keep_best(self, values: Scores, f1: np.ndarray) -> None:
        place = len(f1) - 1 - int(f1[::-1].argmax())
        if f1[place] >= self._best_f1[0]:
            self._best_f1 = (float(f1[place]), float(values[place]))

    def scores(self, *, n_void: int, n_images: int) -> PixelScores:
        """What the thresholds came to."""
        return PixelScores(
            auroc=self._twice_pairs / (2 * self._n_in * self._n_ood),
            ap=self._precision_sum / self._n_ood,
            fpr95=self._n_flagged / self._n_in,
            fpr95_nearest=self._nearest[1] / self._n_in,
            best_f1=self._best_f1[0],
            best_f1_threshold=self._best_f1[1],
            n_in=self._n_in,
            n_ood=self._n_ood,
            n_void=n_void,
            n_images=n_images,
        )
