"""Object-level refinement of a score map: what is hot is handed to SAM, and objects come back.

Pixel scores fray at the outlines of objects and fleck the ground between them, which costs little
average precision and much component F1. Here the hottest regions of an image, at several levels,
become boxes; SAM finds an object in each; where several masks are of one object, the one that
agrees best with its region stands. An object takes one score, the median of the pixels in it, and
what is no object is capped. Since medians, caps and levels only compare scores, a map that is
changed by a strictly increasing function refines to the refined map so changed: no unit, no
threshold and no label is needed.

The family of methods is that of S2M (Zhao et al. 2024: from boxes of a score map to SAM's masks)
and UGainS (Nekrasov et al. 2023: a mask is scored by the pixels in it); levels, agreement and cap
are our own, and no published number is claimed for them. docs/evaluation.md has what was measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from models.filtering.masks import Box

NONE, SAM = "none", "sam"
"""Names of the refinements, as rows and commands spell them."""

ScoreMap = Float32[np.ndarray, "height width"]
Mask = Bool[np.ndarray, "height width"]
FindMasks = Callable[[UInt8[np.ndarray, "_ _ 3"], Sequence[Box]], np.ndarray]
"""A mask for each box of an RGB image: booleans (boxes, height, width)."""


@dataclass(frozen=True, kw_only=True)
class Refinement:
    """Settings of the refinement; shares of the pixels of an image are in (0, 1).

    Attributes:
        levels: shares, falling, whose hottest regions are looked at.
        cap: share whose hottest pixels are lowered to the least of them, but for objects.
        min_agreement: IoU of a mask and its region from which the mask stands.
        max_shared: of two masks that share more of the smaller one, the better one stands.
        min_region: smaller regions, as a share of the image, are no objects.
        max_boxes: regions of an image that SAM is asked for, the hottest ones.
    """

    levels: tuple[float, ...] = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
    cap: float = 0.2
    min_agreement: float = 0.3
    max_shared: float = 0.5
    min_region: float = 2.5e-5
    max_boxes: int = 48

    def __post_init__(self) -> None:
        """Refuse settings with which nothing could stand."""
        shares = (*self.levels, self.cap)
        if not self.levels or not all(0 < share < 1 for share in shares):
            raise ValueError(f"need levels and a cap between 0 and 1, got {shares}")
        if sorted(set(self.levels), reverse=True) != list(self.levels):
            raise ValueError(f"need falling levels, got {self.levels}")
        if not 0 < self.min_agreement <= 1 or self.max_boxes < 1:
            raise ValueError(
                "need an agreement above 0 and at most 1, and at least one box, got "
                f"{self.min_agreement} and {self.max_boxes}"
            )


DEFAULT = Refinement()
"""Settings that were chosen on RoadAnomaly and ACDC-POC of the miniature world."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """A connected region of pixels at or above a level.

    Attributes:
        box: around it.
        mask: its pixels within the box.
        peak: its highest score.
    """

    box: Box
    mask: Bool[np.ndarray, "box_height box_width"]
    peak: float


def refine_score(
    score: ScoreMap,
    photograph: UInt8[np.ndarray, "height width 3"],
    find_masks: FindMasks,
    settings: Refinement = DEFAULT,
) -> ScoreMap:
    """The score map with whole objects in it.

    Args:
        score: finite, higher is further out of distribution.
        photograph: RGB.
        find_masks: SAM, such as `models.evaluation.sam_refiner.load_refiner` gives it.
        settings: of the algorithm.

    Raises:
        ValueError: if a score is not finite, or the masks are not one for each box at the size of
            the image.
    """
    if not np.isfinite(score).all():
        raise ValueError("need finite scores to refine, got NaN or infinity; check the weights")
    regions = hot_regions(score, settings)
    masks = find_masks(photograph, [region.box for region in regions])
    if masks.shape != (len(regions), *score.shape) or masks.dtype != np.bool_:
        raise ValueError(
            f"need {len(regions)} masks of {score.shape}, got {masks.dtype} {masks.shape}"
        )
    refined: np.ndarray = np.minimum(score, _reached_by(score, settings.cap))
    for mask in standing_masks(regions, masks, settings):
        refined[mask] = np.quantile(score[mask], 0.5, method="higher")
    return refined


def hot_regions(score: ScoreMap, settings: Refinement = DEFAULT) -> list[Region]:
    """Regions of the hottest pixels at every level, each box once; the hottest ones if too many.

    Pixels touch by sides and corners.
    """
    found: dict[Box, Region] = {}
    for level in sorted({_reached_by(score, share) for share in settings.levels}):
        for region in _regions(score, level, settings):
            found.setdefault(region.box, region)
    hottest = sorted(found.values(), key=lambda region: -region.peak)
    return hottest[: settings.max_boxes]


def standing_masks(
    regions: Sequence[Region],
    masks: Bool[np.ndarray, "regions height width"],
    settings: Refinement = DEFAULT,
) -> list[Mask]:
    """The masks that agree with the regions they were asked for, each object once, best first."""
    agreements = [_agreement(region, mask) for region, mask in zip(regions, masks, strict=True)]
    standing: list[Mask] = []
    for number in sorted(range(len(masks)), key=lambda n: -agreements[n]):
        if agreements[number] < settings.min_agreement:
            break
        if all(_shared(masks[number], one) <= settings.max_shared for one in standing):
            standing.append(masks[number])
    return standing


def _reached_by(score: ScoreMap, share: float) -> np.float32:
    """The score that a share of the image's pixels reaches, one pixel at least."""
    place = score.size - max(1, round(share * score.size))
    return np.float32(np.partition(score, place, axis=None)[place])


def _regions(score: ScoreMap, level: np.float32, settings: Refinement) -> list[Region]:
    """Regions at a level that are large enough; the hottest ones if too many."""
    flags = (score >= level).astype(np.uint8)
    n_found, numbers, stats, _ = cv2.connectedComponentsWithStats(flags, connectivity=8)
    peaks = np.full(n_found, -np.inf, np.float32)
    np.maximum.at(peaks, numbers.reshape(-1).astype(np.intp), score.reshape(-1))
    is_large = stats[:, cv2.CC_STAT_AREA] >= settings.min_region * score.size
    is_large[0] = False  # what lies around the regions
    large = np.flatnonzero(is_large)
    hottest = large[np.argsort(-peaks[large], kind="stable")][: settings.max_boxes]
    return [_region(numbers, int(number), stats[number], peaks[number]) for number in hottest]


def _region(numbers: np.ndarray, number: int, stats: np.ndarray, peak: np.float32) -> Region:
    x, y, width, height = (int(value) for value in stats[: cv2.CC_STAT_AREA])
    return Region(
        box=(float(x), float(y), float(x + width - 1), float(y + height - 1)),
        mask=numbers[y : y + height, x : x + width] == number,
        peak=float(peak),
    )


def _agreement(region: Region, mask: Mask) -> float:
    """Intersection over union of a region and a mask; 0 for an empty mask."""
    x0, y0, x1, y1 = (int(side) for side in region.box)
    shared = np.count_nonzero(mask[y0 : y1 + 1, x0 : x1 + 1] & region.mask)
    whole = np.count_nonzero(mask) + np.count_nonzero(region.mask) - shared
    return float(shared / whole)


def _shared(first: Mask, second: Mask) -> float:
    """Common pixels as a share of the smaller mask; neither is empty."""
    smaller = min(np.count_nonzero(first), np.count_nonzero(second))
    return float(np.count_nonzero(first & second) / smaller)
