"""One score on all images of a benchmark together, in two passes over its maps. Runs on workers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from assets.benchmarks.image import Measurement
from models.evaluation.curves import CurveCounts, CurvePoints, ScoreSample
from models.metrics import (
    BinnedPixelMetrics,
    BinnedScores,
    ComponentMetrics,
    ComponentResult,
    ComponentSizes,
    PixelMetrics,
    PixelScores,
    SmiycPixelMetrics,
)
from models.metrics.smiyc import SmiycScores
from storage.benchmark_records import ALL_DOMAINS, BINNED, SMIYC_BINNED
from storage.datasets.registry import read_target
from storage.records import Frame
from storage.score_maps import map_path, read_map

N_HELD = 1 << 24
"""Scores of each class that a domain holds in memory: 64 MiB; the rest lies in its folder."""

NumberedFrame = tuple[int, Frame]


@dataclass(frozen=True, kw_only=True)
class ScoreItem:
    """One score, the images whose maps were kept, and what is counted.

    Attributes:
        measurement: that kept the maps.
        score: name of the score.
        frames: number and frame of every image.
        sizes: rules for components; None where the benchmark has none.
        extras: further estimators.
        n_held: scores of each class and domain that stay in memory.
    """

    measurement: Measurement
    score: str
    frames: tuple[NumberedFrame, ...]
    sizes: ComponentSizes | None = None
    extras: tuple[str, ...] = ()
    n_held: int = N_HELD


@dataclass(frozen=True, kw_only=True)
class PooledScore:
    """What a score came to.

    Attributes:
        score: its name.
        exact: exact numbers by domain, all of them together under ``all``.
        smiyc: the same as the suite of SMIYC estimates them; empty if not asked for.
        binned: the same in bins; empty if not asked for.
        components: by domain, at the threshold of its best F1; empty without size rules.
        span: first and last percentile of a sample of all scores, for the colors of pictures.
        curve: what plots need.
    """

    score: str
    exact: Mapping[str, PixelScores]
    smiyc: Mapping[str, SmiycScores]
    binned: Mapping[str, BinnedScores]
    components: Mapping[str, ComponentResult]
    span: tuple[float, float]
    curve: CurvePoints


def score_key(item: ScoreItem) -> str:
    """Key of an item."""
    return item.score


def pool_score(item: ScoreItem) -> PooledScore:
    """The numbers of a score over all pixels of all images, ties counted exactly.

    Raises:
        ValueError: if there are no in-distribution or no OOD pixels at all.
        OSError: if there is no room for sorted scores.
    """
    with TemporaryDirectory(prefix="sorted-", dir=item.measurement.work) as folder:
        first = _FirstPass(item, Path(folder))
        for frame, score, label in _maps(item):
            first.update(frame.domain, score, label)
        exact = first.exact()
    threshold = exact[ALL_DOMAINS].best_f1_threshold
    counts = CurveCounts(first.sample.plan(best_f1_threshold=threshold))
    components = {name: ComponentMetrics(item.sizes) for name in exact if item.sizes}
    for frame, score, label in _maps(item):
        counts.update(score, label)
        for name in {frame.domain, ALL_DOMAINS} & components.keys():
            flagged = score >= np.float32(exact[name].best_f1_threshold)
            components[name].update(flagged, label)
    return PooledScore(
        score=item.score,
        exact=exact,
        smiyc={name: found.compute() for name, found in first.smiyc.items() if name in exact},
        binned={name: found.compute() for name, found in first.binned.items() if name in exact},
        components={name: found.compute() for name, found in components.items()},
        span=first.sample.span(),
        curve=counts.points(),
    )


def _maps(item: ScoreItem) -> Iterator[tuple[Frame, np.ndarray, np.ndarray]]:
    """Frame, score and label (0, 1, 255) of every image."""
    plan = item.measurement
    for number, frame in item.frames:
        target = read_target(Path(plan.data_root), frame)
        yield frame, read_map(map_path(plan.work, item.score, number)), target.ood


@dataclass
class _FirstPass:
    """Counts by domain; those of all domains are merged at the end."""

    item: ScoreItem
    folder: Path
    sample: ScoreSample = field(default_factory=ScoreSample)
    smiyc: dict[str, SmiycPixelMetrics] = field(default_factory=dict)
    binned: dict[str, BinnedPixelMetrics] = field(default_factory=dict)
    _exact: dict[str, PixelMetrics] = field(default_factory=dict)

    def update(self, domain: str, score: np.ndarray, label: np.ndarray) -> None:
        """Count an image of a domain."""
        if domain not in self._exact:
            self._exact[domain] = self._metrics()
        self._exact[domain].update(score, label)
        self.sample.update(score, label)
        for name in {domain or ALL_DOMAINS, ALL_DOMAINS}:
            if SMIYC_BINNED in self.item.extras:
                self.smiyc.setdefault(name, SmiycPixelMetrics()).update(score, label)
            if BINNED in self.item.extras:
                self.binned.setdefault(name, BinnedPixelMetrics()).update(score, label)

    def exact(self) -> dict[str, PixelScores]:
        """Numbers of each domain with pixels of both classes, and of all images."""
        together = self._metrics()
        for metrics in self._exact.values():
            together.merge(metrics)
        found = {ALL_DOMAINS: together.compute()}
        for domain in sorted(filter(None, self._exact)):
            numbers = _numbers_or_none(self._exact[domain])
            if numbers is not None:
                found[domain] = numbers
        return found

    def _metrics(self) -> PixelMetrics:
        return PixelMetrics(folder=self.folder, n_held=self.item.n_held)


def _numbers_or_none(metrics: PixelMetrics) -> PixelScores | None:
    try:
        return metrics.compute()
    except ValueError:  # pixels of one class alone
        return None


def numbered(frames: Sequence[Frame]) -> tuple[NumberedFrame, ...]:
    """Frames with the numbers under which their maps are kept."""
    return tuple(enumerate(frames))
