"""AUROC, AP and FPR95 over the pixels of a data set: exact, image by image, in bounded memory."""

from dataclasses import dataclass
from pathlib import Path

from models.metrics.pixel_check import (
    LabelMap,
    ScoreMap,
    checked_chunks,
    count_void,
    split_classes,
)
from models.metrics.score_pile import ScorePile
from models.metrics.sweep import PixelScores, sweep

N_HELD = 1 << 26
"""Scores of each class that stay in memory by default: 256 MiB when full."""


@dataclass(frozen=True, kw_only=True)
class ImageMeans:
    """Means over images of what each gives alone, every image counting the same.

    Attributes:
        auroc: mean of the images' AUROC.
        ap: mean of their average precision.
        fpr95: mean of their FPR95 at the first threshold reaching 95 % recall.
        fpr95_nearest: mean of their FPR95 at the nearest recall.
        n_images: with pixels of both classes, over which the means go.
        n_skipped: images with one class only, which have no such numbers.
        estimator: rule by which the numbers were made.
    """

    auroc: float
    ap: float
    fpr95: float
    fpr95_nearest: float
    n_images: int
    n_skipped: int
    estimator: str = "exact, mean over images"


class PixelMetrics:
    """Exact numbers of all pixels together, for float32 scores; higher is further out.

    Merging in any order gives the same numbers. What memory does not hold is sorted and written
    away, 4 bytes a pixel. A metric goes to another process as it is; once it has written, only if
    it was given a folder.

    Args:
        folder: for what is written, and the caller's to empty; without one it goes to unnamed files
            where this machine keeps temporary ones, which are gone with the metric.
        n_held: scores of each class that stay in memory.
        with_image_means: also rank every image alone, for `image_means`.

    Raises:
        ValueError: if `n_held` is not positive.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        n_held: int = N_HELD,
        with_image_means: bool = False,
    ) -> None:
        if n_held < 1:
            raise ValueError(f"need room for at least one score, got n_held of {n_held}")
        self._in_scores = ScorePile(n_held=n_held, folder=folder)
        self._ood_scores = ScorePile(n_held=n_held, folder=folder)
        self._n_images, self._n_void = 0, 0
        self._means = _MeanSums() if with_image_means else None

    def update(self, score: ScoreMap, label: LabelMap) -> None:
        """Count the pixels of an image.

        Args:
            score: higher is further out of distribution; finite wherever the label is not 255.
            label: of the same shape; 0 in distribution, 1 OOD, 255 void.

        Raises:
            ValueError: if the arrays are not such; nothing of them is counted then.
            OSError: if there is no room to write; a part is counted then, so begin anew.
        """
        chunks = checked_chunks(score, label)
        alone = PixelMetrics(n_held=max(score.size, 1)) if self._means else self
        for known, ood in split_classes(chunks):
            alone._in_scores.add(known)
            alone._ood_scores.add(ood)
        alone._n_images += 1
        alone._n_void += count_void(chunks)
        if self._means:
            self._means.take(alone)
            self._take(alone)

    def merge(self, other: "PixelMetrics") -> None:
        """Count all that another one has counted, which stays as it is.

        Raises:
            ValueError: if it is this one, or only one of the two keeps means over images.
        """
        if other is self:
            raise ValueError("need another PixelMetrics to merge, got the same one")
        if (self._means is None) != (other._means is None):
            raise ValueError("need image means in both metrics or in none, got them in one")
        self._take(other)
        if self._means and other._means:
            self._means.merge(other._means)

    def compute(self) -> PixelScores:
        """The exact numbers so far; more may be counted afterwards.

        Raises:
            ValueError: if there are no pixels of one class.
        """
        return sweep(
            self._in_scores, self._ood_scores, n_void=self._n_void, n_images=self._n_images
        )

    def image_means(self) -> ImageMeans:
        """Means over the images so far, one for each `update`.

        Raises:
            ValueError: if they were not asked for, or no image has pixels of both classes.
        """
        if self._means is None:
            raise ValueError("need PixelMetrics(with_image_means=True) for means over images")
        return self._means.means()

    def _take(self, other: "PixelMetrics") -> None:
        self._in_scores.merge(other._in_scores)
        self._ood_scores.merge(other._ood_scores)
        self._n_images += other._n_images
        self._n_void += other._n_void


class _MeanSums:
    """Sums of the numbers of single images."""

    NAMES = ("auroc", "ap", "fpr95", "fpr95_nearest")

    def __init__(self) -> None:
        self._sums = dict.fromkeys(self.NAMES, 0.0)
        self._n_images, self._n_skipped = 0, 0

    def take(self, image: PixelMetrics) -> None:
        if not (len(image._in_scores) and len(image._ood_scores)):
            self._n_skipped += 1
            return
        scores = image.compute()
        self._sums = {name: self._sums[name] + getattr(scores, name) for name in self.NAMES}
        self._n_images += 1

    def merge(self, other: "_MeanSums") -> None:
        self._sums = {name: self._sums[name] + other._sums[name] for name in self.NAMES}
        self._n_images += other._n_images
        self._n_skipped += other._n_skipped

    def means(self) -> ImageMeans:
        if not self._n_images:
            raise ValueError(
                f"need an image with pixels of both classes, got none of {self._n_skipped}"
            )
        means = {name: total / self._n_images for name, total in self._sums.items()}
        return ImageMeans(
            auroc=means["auroc"],
            ap=means["ap"],
            fpr95=means["fpr95"],
            fpr95_nearest=means["fpr95_nearest"],
            n_images=self._n_images,
            n_skipped=self._n_skipped,
        )
