"""Connected regions of flagged pixels against those of labeled objects, in one image.

Reference: Chan et al. 2021, SegmentMeIfYouCan, and its evaluation suite (commit 1c7804e). Kept are
its rules; not kept are a background that turns void where it is smaller than an object may be, and
means over no component.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int32, UInt8

from models.metrics.pixel_check import IN, OOD, VOID

Numbers = Int32[np.ndarray, "height width"]


@dataclass(frozen=True, kw_only=True)
class ComponentSizes:
    """Smallest components that count, in pixels.

    Attributes:
        predicted_px: smaller predicted components are dropped.
        truth_px: smaller labeled ones are void.
    """

    predicted_px: int
    truth_px: int


ANOMALY_TRACK = ComponentSizes(predicted_px=500, truth_px=100)
"""Sizes of SMIYC's RoadAnomaly21."""

OBSTACLE_TRACK = ComponentSizes(predicted_px=50, truth_px=10)
"""Sizes of SMIYC's RoadObstacle21."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlaps:
    """How the components of an image lie on each other.

    Attributes:
        siou: of each labeled component, the pixels found over those of the union with all predicted
            components that touch it, without such as lie on other labeled components; in [0, 1].
        ppv: of each predicted component, the share of its pixels on labeled ones; in [0, 1].
    """

    siou: Float64[np.ndarray, " labeled"]
    ppv: Float64[np.ndarray, " predicted"]


def component_overlaps(
    predicted: Bool[np.ndarray, "..."],
    label: UInt8[np.ndarray, "..."],
    *,
    sizes: ComponentSizes,
) -> Overlaps:
    """Overlaps of the 8-connected components of a prediction and of a label.

    Predicted components end at void pixels and are measured before small labeled ones turn void.

    Args:
        predicted: (height, width), true on flagged pixels.
        label: of the same size; 0 in distribution, 1 OOD, 255 void.
        sizes: rules of the track.

    Raises:
        ValueError: if the two are no such arrays of one size, or a label is none of these.
    """
    _refuse_other_maps(predicted, label)
    truth, small = _components(label == OOD, sizes.truth_px)
    found, _ = _components(predicted & (label != VOID), sizes.predicted_px)
    found[small] = 0
    return _overlaps(truth, found)


def _refuse_other_maps(predicted: np.ndarray, label: np.ndarray) -> None:
    if predicted.dtype != np.bool_:
        raise ValueError(f"need a prediction of booleans, got {predicted.dtype}; compare it first")
    if predicted.ndim != 2 or predicted.shape != label.shape:
        raise ValueError(
            f"need a prediction of the label's size {label.shape}, got {predicted.shape}"
        )
    found = set(np.flatnonzero(np.bincount(label.reshape(-1), minlength=256)).tolist())
    if not found <= {IN, OOD, VOID}:
        raise ValueError(
            f"need labels of 0 (in), 1 (OOD) and 255 (void), got {sorted(found)}; translate them "
            "by the data set's coding first"
        )


def _components(
    mask: Bool[np.ndarray, "height width"], min_px: int
) -> tuple[Numbers, Bool[np.ndarray, "height width"]]:
    """The number of each pixel's component, 0 where there is none, and those that are too small."""
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    is_small = stats[:, cv2.CC_STAT_AREA] < min_px
    is_small[0] = False  # what lies around the components is none of them
    kept = np.where(is_small, 0, np.arange(len(stats))).astype(np.int32)
    return kept[numbers], is_small[numbers]


def _overlaps(truth: Numbers, found: Numbers) -> Overlaps:
    truth_area, found_area = np.bincount(truth.reshape(-1)), np.bincount(found.reshape(-1))
    on_both = (truth > 0) & (found > 0)
    pairs = truth[on_both].astype(np.int64) * len(found_area) + found[on_both]
    pairs, n_shared = np.unique(pairs, return_counts=True)
    of_truth, of_found = np.divmod(pairs, len(found_area))
    on_truth = np.bincount(of_found, n_shared, minlength=len(found_area))
    shared, touching, elsewhere = (
        np.bincount(of_truth, weights, minlength=len(truth_area))
        for weights in (n_shared, found_area[of_found], on_truth[of_found] - n_shared)
    )
    union = truth_area + touching - shared - elsewhere
    return Overlaps(siou=_shares(shared, union), ppv=_shares(on_truth, found_area))


def _shares(part: np.ndarray, whole: np.ndarray) -> Float64[np.ndarray, " components"]:
    """Part over whole of the components that are there; number 0 is none."""
    is_there = whole > 0
    is_there[0] = False
    return np.asarray(part[is_there] / whole[is_there], dtype=np.float64)
