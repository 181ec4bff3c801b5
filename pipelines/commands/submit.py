"""`multishift submit`: the score maps of a SegmentMeIfYouCan track, as its suite keeps them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from assets.benchmarks.subject import Subject
from pipelines.commands.console import err, out
from pipelines.commands.named_inputs import named_checkpoint, refiner_file
from pipelines.settings import read_settings
from storage.datasets.registry import dataset_named
from storage.images import file_sha256, read_image
from storage.records import Frame
from storage.submission import SubmissionFolder, track_of

ScoreOf = Callable[[np.ndarray], np.ndarray]
"""Score map (height, width) of an RGB photograph."""


@dataclass(frozen=True, kw_only=True)
class SubmissionWish:
    """What to submit; the names are those of the command's options."""

    checkpoint: str
    architecture: str
    benchmark: str
    score: str
    method: str
    refinement: str
    sam: Path | None
    device: str | None


def run_submit(wish: SubmissionWish, target: Path, *, data_root: Path | None) -> int:
    """Write the maps that are not there yet, check all of them, and tell where they are; 0."""
    settings = read_settings()
    root = data_root or Path(settings.data_root)
    folder = SubmissionFolder(folder=target, benchmark=wish.benchmark, method=wish.method)
    frames = _frames(wish.benchmark, root)
    subject = named_checkpoint(wish.checkpoint, wish.architecture, settings).subject
    refiner = refiner_file(wish.refinement, wish.sam, settings, root)
    folder.begin(_facts(wish, subject, refiner, n_images=len(frames)))
    device = wish.device or settings.training_device
    n_written = _write_all(folder, frames, root, lambda: _scoring(wish, subject, refiner, device))
    folder.refuse_gaps([frame.frame_id for frame in frames])
    _tell(folder, frames, n_written)
    return 0


def _frames(benchmark: str, root: Path) -> list[Frame]:
    """All images of a track, labeled or not, in the order of their ids.

    Raises:
        ValueError: if it is no track, or an image is missing.
        FileNotFoundError: if it is not below the root.
    """
    track_of(benchmark)
    dataset = dataset_named(benchmark)
    folder = dataset.locate(root)
    if folder is None:
        raise FileNotFoundError(
            f"{root}: need {dataset.title}, found no folder with its layout; get it from "
            f"{dataset.url}, or run `multishift check-data {root}` to see what is there"
        )
    frames = sorted(dataset.frames(root, folder), key=lambda frame: frame.frame_id)
    absent = [frame.image for frame in frames if not (root / frame.image).is_file()]
    if absent:
        raise ValueError(
            f"{folder}: need every image of {dataset.title}, {len(absent)} are missing (the first: "
            f"{absent[0]}); fetch them, or remove their labels"
        )
    return frames


def _facts(
    wish: SubmissionWish, subject: Subject, refiner: Path | None, *, n_images: int
) -> dict[str, str | int | None]:
    return {
        "benchmark": wish.benchmark,
        "images": n_images,
        "method": wish.method,
        "architecture": subject.architecture,
        "checkpoint_sha256": subject.sha256,
        "score": wish.score,
        "refinement": wish.refinement,
        "refiner_sha256": file_sha256(refiner) if refiner else None,
    }


def _scoring(wish: SubmissionWish, subject: Subject, refiner: Path | None, wanted: str) -> ScoreOf:
    """What scores a photograph; torch and the networks are loaded here."""
    from assets.benchmarks.subject import loaded_network
    from assets.devices import device_of, prepare_device
    from models.evaluation.answering import answer_photograph, is_mask_network, scores_of

    known = scores_of(str(subject.architecture))
    if wish.score not in known:
        raise ValueError(f"need a score of {', '.join(known)}, got {wish.score!r}")
    device = device_of(wanted)
    prepare_device(device)
    network = loaded_network(subject, device, (wish.score,))
    has_masks = is_mask_network(str(subject.architecture))

    def score(photograph: np.ndarray) -> np.ndarray:
        answer = answer_photograph(network, photograph, [wish.score], has_masks=has_masks)
        return answer.scores[wish.score]

    if refiner is None:
        return score
    from models.evaluation.refinement import refine_score
    from models.evaluation.sam_refiner import load_refiner

    find_masks = load_refiner(refiner, device=device)
    return lambda photograph: refine_score(score(photograph), photograph, find_masks)


def _write_all(
    folder: SubmissionFolder, frames: Sequence[Frame], root: Path, load: Callable[[], ScoreOf]
) -> int:
    """Write the maps that are not there; gives their number. No network is loaded for none."""
    score: ScoreOf | None = None
    n_written = 0
    with _bar(len(frames)) as advance:
        for frame in frames:
            photograph = read_image(root / frame.image)
            if not folder.holds(frame.frame_id, (photograph.shape[0], photograph.shape[1])):
                score = score or load()
                folder.write(frame.frame_id, score(photograph))
                n_written += 1
            advance()
    return n_written


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    """A bar in a terminal; nothing elsewhere."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("scoring images", total=total)
        yield lambda: bar.advance(task)


def _tell(folder: SubmissionFolder, frames: Sequence[Frame], n_written: int) -> None:
    n_hidden = sum(not frame.is_scored for frame in frames)
    n_bytes = sum(folder.score_path(frame.frame_id).stat().st_size for frame in frames)
    lines = [
        f"{len(frames)} score maps, {n_hidden} of hidden images, {n_bytes / 1e6:.1f} MB: "
        f"{folder.scores}",
        f"{n_written} written now, {len(frames) - n_written} were there; all read again: float16, "
        "finite, of their images' sizes",
    ]
    expected = track_of(folder.benchmark).n_hidden
    if n_hidden < expected:
        lines.append(
            f"note: the leaderboard's test set has {expected} images, here are {n_hidden}: this is "
            "no whole submission"
        )
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
