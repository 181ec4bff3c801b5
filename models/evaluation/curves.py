"""Curves of a score for plots: where to look is chosen from a sample, what is there is counted.

Two passes over all images: `ScoreSample` in the first, `CurveCounts` in the second. So the points
of a curve are exact, however few of them there are, in fixed memory.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

IN, OOD, VOID = 0, 1, 255

MAX_POINTS = 256
N_HISTOGRAM_BINS = 64
N_CALIBRATION_BINS = 16

_N_QUANTILES = 120
_SAMPLED_PER_IMAGE = 4096
_CHUNK_PIXELS = 1 << 20

ScoreMap = Float32[np.ndarray, "..."]
LabelMap = UInt8[np.ndarray, "..."]
Scores = Float32[np.ndarray, " _"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CurvePlan:
    """Where pixels are counted.

    Attributes:
        thresholds: ascending, at most `MAX_POINTS`; the first one flags every pixel.
        histogram_edges: ascending, of bins of equal width from the lowest score to the highest.
        calibration_edges: ascending, between bins that hold about as many pixels each.
    """

    thresholds: Float32[np.ndarray, " points"]
    histogram_edges: Float64[np.ndarray, " edges"]
    calibration_edges: Float32[np.ndarray, " inner"]


@dataclass(frozen=True, kw_only=True)
class CurvePoints:
    """What was counted; the fields are those of `storage.benchmark_records.ScoreCurve`."""

    thresholds: tuple[float, ...]
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    false_positive_rate: tuple[float, ...]
    histogram_edges: tuple[float, ...]
    histogram_in: tuple[int, ...]
    histogram_ood: tuple[int, ...]
    calibration_scores: tuple[float, ...]
    calibration_ood_frac: tuple[float, ...]
    calibration_n: tuple[int, ...]


class ScoreSample:
    """The lowest and the highest score of all pixels, and some evenly spread over each image."""

    def __init__(self) -> None:
        self._known: list[Scores] = []
        self._ood: list[Scores] = []
        self._scored: list[Scores] = []
        self._low, self._high = np.inf, -np.inf

    def update(self, score: ScoreMap, label: LabelMap) -> None:
        """Look at an image; arguments as for `PixelMetrics.update`, which checks them."""
        scored = score[label != VOID]
        if not scored.size:
            return
        self._low = min(self._low, float(scored.min()))
        self._high = max(self._high, float(scored.max()))
        for kept, scores in (
            (self._known, score[label == IN]),
            (self._ood, score[label == OOD]),
            (self._scored, scored),
        ):
            kept.append(scores[:: max(1, scores.size // _SAMPLED_PER_IMAGE)])

    def span(self) -> tuple[float, float]:
        """First and last percentile of the sampled scores, void pixels left out.

        Raises:
            ValueError: if no image had pixels that are scored.
        """
        if not self._scored:
            raise ValueError("need scores to tell their span, got none")
        low, high = np.percentile(np.concatenate(self._scored), (1, 99))
        return float(low), float(high)

    def plan(self, *, best_f1_threshold: float) -> CurvePlan:
        """Where to count: quantiles of both classes, the known ones denser at high scores.

        Raises:
            ValueError: if no image had pixels of both classes.
        """
        known, ood = (
            np.concatenate([np.empty(0, np.float32), *s]) for s in (self._known, self._ood)
        )
        if not (known.size and ood.size):
            raise ValueError("need scores of both classes to draw curves, got those of one")
        rates = np.concatenate(
            [1 - np.geomspace(1e-5, 1, _N_QUANTILES - 20), np.linspace(0, 1, 20)]
        )
        low, high = self._low, self._high
        chosen = [
            np.quantile(ood, np.linspace(0, 1, _N_QUANTILES), method="nearest"),
            np.quantile(known, rates, method="nearest"),
            np.array([low, best_f1_threshold], np.float32),
        ]
        inner = np.linspace(0, 1, N_CALIBRATION_BINS + 1)[1:-1]
        scored = np.concatenate(self._scored)
        return CurvePlan(
            thresholds=np.unique(np.concatenate(chosen)).astype(np.float32),
            histogram_edges=np.linspace(low, high if high > low else low + 1, N_HISTOGRAM_BINS + 1),
            calibration_edges=np.unique(np.quantile(scored, inner, method="nearest")),
        )


class CurveCounts:
    """Pixels of all images at or above each threshold and in each bin."""

    def __init__(self, plan: CurvePlan) -> None:
        """Begin with none."""
        self._plan = plan
        self._at = {value: np.zeros(len(plan.thresholds) + 1, np.int64) for value in (IN, OOD)}
        n_bins = len(plan.histogram_edges) - 1
        self._bins = {value: np.zeros(n_bins, np.int64) for value in (IN, OOD)}
        n_calibration = len(plan.calibration_edges) + 1
        self._calibration = {value: np.zeros(n_calibration, np.int64) for value in (IN, OOD)}
        self._sums = np.zeros(n_calibration)

    def update(self, score: ScoreMap, label: LabelMap) -> None:
        """Count the pixels of an image; arguments as for `PixelMetrics.update`."""
        flat_score, flat_label = score.reshape(-1), label.reshape(-1)
        for at in range(0, flat_score.size, _CHUNK_PIXELS):
            part = slice(at, at + _CHUNK_PIXELS)
            for value in (IN, OOD):
                self._count(value, flat_score[part][flat_label[part] == value])

    def points(self) -> CurvePoints:
        """What was counted, thresholds from high to low.

        Raises:
            ValueError: if there are no pixels of one class.
        """
        n_in, n_ood = (int(self._at[value].sum()) for value in (IN, OOD))
        if not (n_in and n_ood):
            raise ValueError(f"need pixels of both classes, got {n_in} and {n_ood} OOD")
        flagged, found = (_at_or_above(self._at[value]) for value in (IN, OOD))
        both = np.maximum(flagged + found, 1)
        is_there = self._calibration[IN] + self._calibration[OOD] > 0
        n = (self._calibration[IN] + self._calibration[OOD])[is_there]
        return CurvePoints(
            thresholds=_floats(self._plan.thresholds[::-1]),
            recall=_floats(found / n_ood),
            precision=_floats(np.where(flagged + found > 0, found / both, 1.0)),
            false_positive_rate=_floats(flagged / n_in),
            histogram_edges=_floats(self._plan.histogram_edges),
            histogram_in=_integers(self._bins[IN]),
            histogram_ood=_integers(self._bins[OOD]),
            calibration_scores=_floats(self._sums[is_there] / n),
            calibration_ood_frac=_floats(self._calibration[OOD][is_there] / n),
            calibration_n=_integers(n),
        )

    def _count(self, value: int, scores: Scores) -> None:
        plan = self._plan
        places = np.searchsorted(plan.thresholds, scores, side="right")
        self._at[value] += np.bincount(places, minlength=len(self._at[value]))
        edges = plan.histogram_edges
        places = np.searchsorted(edges[1:-1], scores, side="right")
        self._bins[value] += np.bincount(places, minlength=len(self._bins[value]))
        places = np.searchsorted(plan.calibration_edges, scores, side="right")
        self._calibration[value] += np.bincount(places, minlength=len(self._sums))
        self._sums += np.bincount(places, scores, minlength=len(self._sums))


def _at_or_above(counts: Int64[np.ndarray, " points_and_one"]) -> Int64[np.ndarray, " points"]:
    """From the highest threshold down, of counts by the number of thresholds at or below."""
    return np.asarray(np.cumsum(counts[:0:-1]))


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(values.astype(float).tolist())


def _integers(values: np.ndarray) -> tuple[int, ...]:
    return tuple(values.astype(int).tolist())
