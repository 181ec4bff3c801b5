"""The pixel numbers as the SMIYC suite estimates them, to compare with its leaderboard.

Reference: its `PixBinaryClass` (commit 1c7804e). Each image is counted in bins of its own, cut at
quantiles of its scores; the bins of all images are then laid in one order by their lower edges.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from models.metrics.pixel_check import (
    IN,
    OOD,
    LabelMap,
    ScoreMap,
    checked_chunks,
    count_void,
)
from models.metrics.sweep import RECALL, refuse_one_class

N_QUANTILES = 384
"""Edges from the quantiles of each class; 768 of both, and fewer where they coincide."""

Curve = Float64[np.ndarray, " points"]


@dataclass(frozen=True, kw_only=True)
class SmiycScores:
    """The suite's numbers; none is exact, since pixels of a bin are not told apart.

    Attributes:
        auroc: area under the ROC curve by trapezoids.
        ap: sum over recall gained of the precision there.
        fpr95: at the first point whose recall reaches 95 %.
        best_f1: highest F1 of a point.
        best_f1_threshold: lower edge of its bin; the suite itself looks it up in a list with other
            places, which may give a neighbor.
        n_in: in-distribution pixels.
        n_ood: OOD pixels.
        n_void: pixels that were left out.
        n_images: arrays that were given.
        estimator: rule by which the numbers were made.
    """

    auroc: float
    ap: float
    fpr95: float
    best_f1: float
    best_f1_threshold: float
    n_in: int
    n_ood: int
    n_void: int
    n_images: int
    estimator: str = "SMIYC, 768 quantile bins per image"


class SmiycPixelMetrics:
    """Pixels counted in the suite's bins; at most 18 kB an image are kept."""

    def __init__(self) -> None:
        self._edges: list[Curve] = []
        self._n_ood: list[Curve] = []
        self._n_in: list[Curve] = []
        self._n_images, self._n_void = 0, 0

    def update(self, score: ScoreMap, label: LabelMap) -> None:
        """Count the pixels of one image; arguments and errors as for `PixelMetrics.update`."""
        chunks = checked_chunks(score, label)
        known, ood = score[label == IN], score[label == OOD]
        edges = _edges(known, ood)
        self._edges.append(edges[:-1])
        self._n_in.append(np.histogram(known, edges)[0].astype(np.float64))
        self._n_ood.append(np.histogram(ood, edges)[0].astype(np.float64))
        self._n_images += 1
        self._n_void += count_void(chunks)

    def merge(self, other: "SmiycPixelMetrics") -> None:
        """Count all that another one has counted, which stays as it is."""
        self._edges = self._edges + other._edges
        self._n_in = self._n_in + other._n_in
        self._n_ood = self._n_ood + other._n_ood
        self._n_images += other._n_images
        self._n_void += other._n_void

    def compute(self) -> SmiycScores:
        """The numbers so far.

        Raises:
            ValueError: if there are no pixels of one class.
        """
        total_in, total_ood = (
            int(sum(counts.sum() for counts in found)) for found in (self._n_in, self._n_ood)
        )
        refuse_one_class(total_in, total_ood)
        threshold, flagged, found = self._points()
        recall, false_rate = found / total_ood, flagged / total_in
        precision = np.divide(
            found, found + flagged, out=np.ones_like(found), where=found + flagged > 0
        )
        f1 = 2 * found / (found + flagged + total_ood)
        best = int(f1.argmax())
        return SmiycScores(
            auroc=float(np.trapezoid(recall, false_rate)),
            ap=float((np.diff(recall) * precision[1:]).sum()),
            fpr95=float(false_rate[np.searchsorted(recall, RECALL)]),
            best_f1=float(f1[best]),
            best_f1_threshold=float(threshold[best]),
            n_in=total_in,
            n_ood=total_ood,
            n_void=self._n_void,
            n_images=self._n_images,
        )

    def _points(self) -> tuple[Curve, Curve, Curve]:
        """Thresholds from high to low, and pixels of each class at or above; none at the first.

        Bins with one lower edge make one point. The suite keeps a further one within the highest
        edge if several images share it, by an order that it does not fix; ours does not.
        """
        edges = np.concatenate(self._edges)
        order = np.argsort(-edges, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(edges[order]) != 0, True))
        flagged, found = (
            np.cumsum(np.concatenate(counts)[order])[ends] for counts in (self._n_in, self._n_ood)
        )
        threshold = np.append(np.inf, edges[order][ends])
        return threshold, np.append(0.0, flagged), np.append(0.0, found)


def _edges(known: Float32[np.ndarray, " known"], ood: Float32[np.ndarray, " ood"]) -> Curve:
    """Quantiles of both classes and the ends of [0, 1], each once."""
    quantiles = [
        np.quantile(scores, np.linspace(0, 1, min(N_QUANTILES, scores.size)))
        for scores in (ood, known)
        if scores.size
    ]
    return np.unique(np.concatenate([[0.0, 1.0], *quantiles])).astype(np.float64)
