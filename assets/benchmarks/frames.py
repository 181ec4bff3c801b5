"""Which images of a benchmark are measured, and which are skipped for which reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assets.benchmarks.names import SPLITS, benchmark_named
from storage.datasets.dataset import Dataset
from storage.records import Frame

HIDDEN = "its label is hidden: it stays with the makers of the benchmark"
NO_LABEL = "its label is missing"
NO_IMAGE = "its image is missing"


@dataclass(frozen=True, kw_only=True)
class BenchmarkFrames:
    """All images of a benchmark, in the order of its reader.

    Attributes:
        dataset: that is the benchmark.
        folder: where it lies below the data root.
        measured: images that have their files.
        skipped: all others, each with its reason.
    """

    dataset: Dataset
    folder: Path
    measured: tuple[Frame, ...]
    skipped: tuple[tuple[Frame, str], ...]


def list_frames(benchmark: str, data_root: Path) -> BenchmarkFrames:
    """The images of a benchmark below a data root; no file is opened.

    Raises:
        ValueError: if there is no such benchmark, or no image of it can be measured.
        FileNotFoundError: if it is not below the root.
    """
    dataset = benchmark_named(benchmark)
    folder = dataset.locate(data_root)
    if folder is None:
        raise FileNotFoundError(
            f"{data_root}: need {dataset.title}, found no folder with its layout; get it from "
            f"{dataset.url}, or run `multishift check-data {data_root}` to see what is there"
        )
    frames = [f for f in dataset.frames(data_root, folder) if f.split in SPLITS[benchmark]]
    reasons = [_reason_to_skip(data_root, frame) for frame in frames]
    found = list(zip(frames, reasons, strict=True))
    measured = tuple(frame for frame, reason in found if reason is None)
    skipped = tuple((frame, reason) for frame, reason in found if reason is not None)
    if not measured:
        raise ValueError(
            f"{folder}: need images of {dataset.title} with labels, got none of {len(frames)}"
            f"{_first(skipped)}; labels of hidden test sets are only scored by the benchmark itself"
        )
    return BenchmarkFrames(dataset=dataset, folder=folder, measured=measured, skipped=skipped)


def frame_key(frame: Frame) -> str:
    """Name of an image, unique in its benchmark."""
    return f"{frame.split}/{frame.frame_id}"


def domains_of(frames: Iterable[Frame]) -> tuple[str, ...]:
    """Domains that the layout tells apart, sorted."""
    return tuple(sorted({frame.domain for frame in frames if frame.domain}))


def _reason_to_skip(data_root: Path, frame: Frame) -> str | None:
    if not frame.is_scored:
        return HIDDEN
    if frame.label is None:
        return NO_LABEL
    return None if (data_root / frame.image).is_file() else NO_IMAGE


def _first(skipped: tuple[tuple[Frame, str], ...]) -> str:
    return f" (the first, {skipped[0][0].image}: {skipped[0][1]})" if skipped else ""
