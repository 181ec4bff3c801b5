"""One image of a benchmark: through the network, against its label, its maps kept. Runs on workers.

Imported by workers: torch is loaded where a network is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assets.benchmarks.frames import frame_key
from assets.benchmarks.subject import Subject, loaded_network
from assets.devices import device_of
from models.metrics import Classes, PixelMetrics, PixelScores, confusion_matrix
from storage.datasets.codings import OOD_IGNORED, OOD_NO, OOD_YES, Target
from storage.datasets.dataset import BadFileError
from storage.datasets.registry import read_target
from storage.images import file_sha256, read_image
from storage.records import Frame
from storage.score_files import read_score
from storage.score_maps import map_path, write_map


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What all images of a measurement share.

    Attributes:
        subject: what is measured.
        scores: names of the score maps; none where the benchmark has known classes alone.
        refinement: what mends the maps, or ``none``.
        refiner: file of the network that mends them; "" where none is needed.
        data_root: folder of the data sets.
        work: folder of the maps, which step and workers share.
        device: that torch computes on.
    """

    subject: Subject
    scores: tuple[str, ...]
    refinement: str = "none"
    refiner: str = ""
    data_root: str
    work: str
    device: str = "cpu"


@dataclass(frozen=True, kw_only=True)
class ImageItem:
    """One image of a measurement; ``score_file`` is its score where files are the subject."""

    measurement: Measurement
    number: int
    frame: Frame
    score_file: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageFacts:
    """What one image gave.

    Attributes:
        frame: which one.
        number: place among the measured ones.
        image_sha256: of its file.
        label_sha256: of the file of its label.
        size: height and width.
        n_in: in-distribution pixels.
        n_ood: OOD pixels.
        n_void: pixels that are never scored.
        alone: numbers of each score on this image alone; None without pixels of both classes.
        confusion: of the known classes; None where its label or the subject names none.
        n_bytes: of its maps.
    """

    frame: Frame
    number: int
    image_sha256: str
    label_sha256: str
    size: tuple[int, int]
    n_in: int
    n_ood: int
    n_void: int
    alone: Mapping[str, PixelScores | None]
    confusion: Classes | None
    n_bytes: int


def image_key(item: ImageItem) -> str:
    """Key of an item."""
    return frame_key(item.frame)


def measure_image(item: ImageItem) -> ImageFacts:
    """Score an image, keep the maps, and measure each alone.

    Raises:
        BadFileError: naming the file, if image, label or score file cannot be used.
        ValueError: if the network cannot be loaded, or a score is not finite.
    """
    root = Path(item.measurement.data_root)
    path = root / item.frame.image
    photograph, target = read_image(path), read_target(root, item.frame)
    _refuse_other_size(path, photograph, target)
    raw, predicted = _answer(item, photograph)
    maps = _refined(item.measurement, photograph, raw)
    alone = {name: _alone(path, name, found, target) for name, found in maps.items()}
    places = {name: map_path(item.measurement.work, name, item.number) for name in maps}
    n_bytes = sum(write_map(places[name], found) for name, found in maps.items())
    return ImageFacts(
        frame=item.frame,
        number=item.number,
        image_sha256=file_sha256(path),
        label_sha256=file_sha256(root / str(item.frame.label)),
        size=(photograph.shape[0], photograph.shape[1]),
        n_in=int(np.count_nonzero(target.ood == OOD_NO)),
        n_ood=int(np.count_nonzero(target.ood == OOD_YES)),
        n_void=int(np.count_nonzero(target.ood == OOD_IGNORED)),
        alone=alone,
        confusion=_confusion(target, predicted),
        n_bytes=n_bytes,
    )


def _answer(
    item: ImageItem, photograph: np.ndarray
) -> tuple[Mapping[str, np.ndarray], np.ndarray | None]:
    """Score maps by name, and the predicted classes where a network named them."""
    plan = item.measurement
    if plan.subject.kind == "score_files":
        return {plan.scores[0]: _read_score(item, photograph)}, None
    from models.evaluation.answering import answer_photograph, is_mask_network

    network = loaded_network(plan.subject, device_of(plan.device), plan.scores)
    has_masks = is_mask_network(str(plan.subject.architecture))
    answer = answer_photograph(network, photograph, plan.scores, has_masks=has_masks)
    return answer.scores, answer.predicted


def _refined(
    plan: Measurement, photograph: np.ndarray, maps: Mapping[str, np.ndarray]
) -> Mapping[str, np.ndarray]:
    if plan.refinement == "none" or not maps:
        return maps
    from models.evaluation.refinement import refine_score
    from models.evaluation.sam_refiner import load_refiner

    find_masks = load_refiner(plan.refiner, device=device_of(plan.device))
    return {name: refine_score(found, photograph, find_masks) for name, found in maps.items()}


def _read_score(item: ImageItem, photograph: np.ndarray) -> np.ndarray:
    return np.asarray(
        read_score(Path(item.score_file), size=(photograph.shape[0], photograph.shape[1]))
    )


def _confusion(target: Target, predicted: np.ndarray | None) -> Classes | None:
    if target.train_ids is None or predicted is None:
        return None
    return confusion_matrix(target.train_ids, predicted)


def _refuse_other_size(path: Path, photograph: np.ndarray, target: Target) -> None:
    if photograph.shape[:2] != target.ood.shape:
        fact = f"its label is {target.ood.shape}, the image {photograph.shape[:2]}"
        raise BadFileError(path, fact, "fetch image and label again: they belong to one size")


def _alone(path: Path, name: str, score: np.ndarray, target: Target) -> PixelScores | None:
    metrics = PixelMetrics(n_held=max(score.size, 1))
    try:
        metrics.update(score, target.ood)
    except ValueError as error:
        raise ValueError(f"{path}, score {name}: {error}") from error
    is_both = (target.ood == OOD_NO).any() and (target.ood == OOD_YES).any()
    return metrics.compute() if is_both else None
