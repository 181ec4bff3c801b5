"""sIoU, PPV and F1* over the components of a data set."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from models.metrics.components import ComponentSizes, component_overlaps

OVERLAP_THRESHOLDS = tuple(percent / 100 for percent in range(25, 76, 5))
"""Overlaps from which a component counts as found: 0.25 to 0.75 in steps of 0.05."""


@dataclass(frozen=True, kw_only=True)
class ComponentResult:
    """How well objects were found as whole components; all in [0, 1].

    Attributes:
        siou: mean over labeled components; None without any.
        ppv: mean over predicted components; None without any.
        f1_star: mean of `f1` over `OVERLAP_THRESHOLDS`; None without labeled and predicted ones.
        f1: for each threshold, 2 TP / (2 TP + FN + FP): labeled components whose sIoU reaches it
            or not, and predicted ones whose PPV does not; summed over all images.
        n_labeled: labeled components that are not too small.
        n_predicted: predicted ones.
        n_images: that were given.
        sizes: rules by which components were left out.
    """

    siou: float | None
    ppv: float | None
    f1_star: float | None
    f1: tuple[float, ...] | None
    n_labeled: int
    n_predicted: int
    n_images: int
    sizes: ComponentSizes


class ComponentMetrics:
    """Component numbers of a data set, image by image; merging in any order gives the same.

    Keeps eight bytes for each component.
    """

    def __init__(self, sizes: ComponentSizes) -> None:
        self._sizes = sizes
        self._siou: list[float] = []
        self._ppv: list[float] = []
        self._n_images = 0

    def update(self, predicted: Bool[np.ndarray, "..."], label: UInt8[np.ndarray, "..."]) -> None:
        """Count the components of an image.

        Args:
            predicted: (height, width), true on flagged pixels: `score >= threshold`, where SMIYC
                takes `PixelScores.best_f1_threshold`.
            label: of the same size; 0 in distribution, 1 OOD, 255 void.

        Raises:
            ValueError: if the two differ in size, or a label is none of these.
        """
        overlaps = component_overlaps(predicted, label, sizes=self._sizes)
        self._siou += overlaps.siou.tolist()
        self._ppv += overlaps.ppv.tolist()
        self._n_images += 1

    def merge(self, other: "ComponentMetrics") -> None:
        """Count all that another one has counted, which stays as it is.

        Raises:
            ValueError: if it has other sizes.
        """
        if other._sizes != self._sizes:
            raise ValueError(f"need components of {self._sizes}, got {other._sizes}")
        self._siou, self._ppv = self._siou + other._siou, self._ppv + other._ppv
        self._n_images += other._n_images

    def compute(self) -> ComponentResult:
        """The numbers so far."""
        siou, ppv = np.sort(self._siou), np.sort(self._ppv)  # a sum must not know their order
        f1 = tuple(_f1(siou, ppv, least) for least in OVERLAP_THRESHOLDS)
        is_any = bool(siou.size + ppv.size)
        return ComponentResult(
            siou=float(siou.mean()) if siou.size else None,
            ppv=float(ppv.mean()) if ppv.size else None,
            f1_star=float(np.mean(f1)) if is_any else None,
            f1=f1 if is_any else None,
            n_labeled=siou.size,
            n_predicted=ppv.size,
            n_images=self._n_images,
            sizes=self._sizes,
        )


def _f1(siou: np.ndarray, ppv: np.ndarray, least: float) -> float:
    """F1 at one threshold; 0 where nothing is labeled or predicted, or nothing found."""
    n_found = int(np.count_nonzero(siou >= least))
    n_wrong = int(np.count_nonzero(ppv < least))
    whole = n_found + siou.size + n_wrong
    return 2 * n_found / whole if whole else 0.0
