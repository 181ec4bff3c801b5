"""What a network says about one photograph: every score that was asked for, and the classes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from models.evaluation import LEARNED
from models.scores import BASELINES, baseline_score
from models.segmentation import Segmenter, normalize


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """Score maps by name, and the train id that each pixel was given."""

    scores: dict[str, Float32[np.ndarray, "height width"]]
    predicted: UInt8[np.ndarray, "height width"]


def scores_of(architecture: str) -> tuple[str, ...]:
    """Every score that is defined for an architecture, the network's own first."""
    has_masks = is_mask_network(architecture)
    return (LEARNED, *(n for n, one in BASELINES.items() if has_masks or not one.needs_masks))


def is_mask_network(architecture: str) -> bool:
    """Whether its logits are sums of mask probabilities."""
    return architecture.startswith("mask2former")


def answer_photograph(
    network: Segmenter,
    photograph: UInt8[np.ndarray, "height width 3"],
    scores: Sequence[str],
    *,
    has_masks: bool,
) -> Answer:
    """One pass at full size, in float32, on the device where the network lies.

    Args:
        network: in evaluation mode.
        photograph: RGB.
        scores: names, of `scores_of` its architecture.
        has_masks: whether it is a mask network.

    Raises:
        ValueError: if a score has another name, or is not defined for the network.
    """
    device = next(network.parameters()).device
    with torch.no_grad(), _full_precision():
        output = network(normalize(torch.from_numpy(photograph)[None].to(device)))
        maps = {
            name: output.ood_score
            if name == LEARNED
            else baseline_score(name, output.logits, has_masks=has_masks)
            for name in scores
        }
        predicted = output.logits[0].argmax(0).to(torch.uint8)
    return Answer(
        scores={name: _array(found[0].float()) for name, found in maps.items()},
        predicted=_array(predicted),
    )


@contextmanager
def _full_precision() -> Iterator[None]:
    """No TensorFloat-32 inside: a number must not depend on what this process did before."""
    former = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(former)


def _array(values: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.cpu().numpy())
