"""The held-out score by which checkpoints of one training are compared; no reported benchmark.

The published training chooses on the images that it then reports; these must be others.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8
from torch import nn

from models.metrics import Classes, average_precision, confusion_matrix, mean_iou
from models.segmentation.network import Segmenter, SegmenterOutput, normalize
from models.training.ood_source import OodSource, ood_score_from
from storage.label_space import N_CLASSES, OOD_ID, VOID_ID

LabeledImage = tuple[UInt8[np.ndarray, "_ _ 3"], UInt8[np.ndarray, "_ _"]]
"""An RGB image and its label: 0 to 18, 254 on unknown objects, 255 void."""


@dataclass(frozen=True, kw_only=True)
class SelectionScore:
    """How well a network does on the held-out images.

    Attributes:
        average_precision: of the OOD score over the pixels of all images together, in [0, 1].
        mean_iou: of the known classes that the labels hold, in [0, 1].
        n_images: that were scored.
    """

    average_precision: float
    mean_iou: float
    n_images: int


@dataclass(frozen=True, kw_only=True, eq=False)
class _Answer:
    """Scores and truth of the pixels of an image that are not void, and its confusion matrix."""

    ood_score: Float32[np.ndarray, " pixels"]
    is_ood: Bool[np.ndarray, " pixels"]
    confusion: Classes


def selection_score(
    network: Segmenter,
    labeled: Iterable[LabeledImage],
    *,
    is_mixed: bool = False,
    ood_source: OodSource = "head",
) -> SelectionScore:
    """Score a network on images of any sizes, each in one pass at its full size.

    The network may be in the middle of a training: it is left in the modes that it had. Five bytes
    a pixel are kept until the last image, and a few times that while they are sorted.

    Args:
        network: where it lies decides the device.
        labeled: images and labels, of which one at a time is taken.
        is_mixed: bfloat16 autocast.
        ood_source: of the OOD score, as in the training.

    Raises:
        ValueError: if no label holds an unknown object, or none a known class; if a label holds
            another value, or is of another size than its image; if a score is not finite.
    """
    with _evaluating(network):
        answers = [
            _answer(network, image, label, f"image {number}", ood_source, is_mixed=is_mixed)
            for number, (image, label) in enumerate(labeled)
        ]
    if not answers:
        raise ValueError("need held-out images to score, got none")
    return SelectionScore(
        average_precision=average_precision(
            np.concatenate([answer.ood_score for answer in answers]),
            np.concatenate([answer.is_ood for answer in answers]),
        ),
        mean_iou=mean_iou(sum((a.confusion for a in answers[1:]), answers[0].confusion)),
        n_images=len(answers),
    )


def ood_score_of(
    network: Segmenter,
    image: UInt8[np.ndarray, "height width 3"],
    *,
    is_mixed: bool = False,
    ood_source: OodSource = "head",
) -> Float32[np.ndarray, "height width"]:
    """OOD score of each pixel, higher is further out; the network is left in its modes.

    Args:
        network: where it lies decides the device.
        image: RGB.
        is_mixed: bfloat16 autocast.
        ood_source: of the OOD score, as in the training.
    """
    with _evaluating(network):
        return _scores(network, _output(network, image, is_mixed=is_mixed), ood_source)


def _output(network: Segmenter, image: np.ndarray, *, is_mixed: bool) -> SegmenterOutput:
    device = next(network.parameters()).device
    batch = normalize(torch.from_numpy(image)[None].to(device))
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=is_mixed):
        output: SegmenterOutput = network(batch)
    return output


def _scores(
    network: Segmenter, output: SegmenterOutput, ood_source: OodSource
) -> Float32[np.ndarray, "height width"]:
    score = ood_score_from(network, output, ood_source)
    return np.asarray(score[0].float().cpu().numpy())


def _answer(
    network: Segmenter,
    image: np.ndarray,
    label: np.ndarray,
    name: str,
    ood_source: OodSource,
    *,
    is_mixed: bool,
) -> _Answer:
    _refuse_other_label(image, label, name)
    output = _output(network, image, is_mixed=is_mixed)
    predicted = output.logits[0].argmax(0).to(torch.uint8).cpu().numpy()
    is_seen = label != VOID_ID
    return _Answer(
        ood_score=_scores(network, output, ood_source)[is_seen],
        is_ood=label[is_seen] == OOD_ID,
        confusion=confusion_matrix(label, predicted),
    )


def _refuse_other_label(image: np.ndarray, label: np.ndarray, name: str) -> None:
    if image.shape[:2] != label.shape:
        raise ValueError(f"{name}: need a label of {image.shape[:2]}, got {label.shape}")
    is_coded = (label < N_CLASSES) | (label >= OOD_ID)
    if not is_coded.all():
        raise ValueError(
            f"{name}: need labels of 0 to {N_CLASSES - 1}, {OOD_ID} and {VOID_ID}, got "
            f"{int(label[~is_coded][0])}"
        )


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """All modules in evaluation mode inside, and afterwards each in the mode that it had."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode
