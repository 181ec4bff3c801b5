"""Which query answers for which segment."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from transformers.models.mask2former.modeling_mask2former import (
    pair_wise_dice_loss,
    pair_wise_sigmoid_cross_entropy_loss,
)

from models.losses.mask2former.config import Mask2FormerLossConfig
from models.losses.mask2former.frame import TargetFrame, sample_at
from models.segmentation.mask2former import MaskPrediction
from models.segmentation.network import widened
from storage.label_space import N_CLASSES


class NonFiniteCostError(ValueError):
    """The predictions for an image are not finite, so that no matching is the best one.

    Attributes:
        image: index of the image in the batch.
    """

    def __init__(self, message: str, *, image: int) -> None:
        super().__init__(message)
        self.image = image


@torch.no_grad()
def matching_costs(
    predictions: Sequence[MaskPrediction],
    frame: TargetFrame,
    config: Mask2FormerLossConfig,
    generator: torch.Generator,
) -> Float[Tensor, "layers batch queries classes"]:
    """Cost of every query for the segment of every class, whether the image has it or not.

    It is the weighted sum of minus the class probability, the mean cross-entropy of the mask and
    its dice loss, the last two at random points. An image has one set of points for all queries,
    classes and layers; the published code draws new ones for each layer.

    Reference: Cheng et al. 2022 (arXiv 2112.01527), section 3.3.
    """
    images = torch.arange(len(frame.classes), device=frame.classes.device)
    every_class = torch.arange(N_CLASSES, device=images.device).expand(1, -1)
    points = frame.draw_points(images, config.n_points, generator)
    shares = torch.cat(  # one image at a time: 19 masks of 1024x2048 take 160 MB
        [
            frame.shares(images[at : at + 1], every_class, points[at : at + 1])
            for at in range(len(images))
        ]
    )
    return torch.stack([_costs(layer, points, shares, config) for layer in predictions])


def _costs(
    prediction: MaskPrediction,
    points: Float[Tensor, "batch points 2"],
    shares: Float[Tensor, "batch classes points"],
    config: Mask2FormerLossConfig,
) -> Float[Tensor, "batch queries classes"]:
    probabilities = widened(prediction.class_logits).softmax(-1)[..., :N_CLASSES]
    masks = sample_at(widened(prediction.mask_logits), points)
    crossed = torch.vmap(pair_wise_sigmoid_cross_entropy_loss)(masks, shares)
    diced = torch.vmap(pair_wise_dice_loss)(masks, shares)
    total: Tensor = (
        config.mask_cost * crossed + config.dice_cost * diced - config.class_cost * probabilities
    )
    return total


def match_segments(
    costs: Float[Tensor, "layers batch queries classes"], has_class: Bool[Tensor, "batch classes"]
) -> list[Int64[np.ndarray, "3 rows"]]:
    """Image, query and class of every pair of least total cost, per layer, ordered by image.

    A query answers for one segment at most; an image with more segments than queries leaves some
    unanswered. Costs and segments go to the host in one transfer.

    Raises:
        NonFiniteCostError: if a cost of a segment is not finite.
    """
    n_layers = len(costs)
    marks = has_class.to(costs.dtype).expand(n_layers, 1, *has_class.shape).transpose(1, 2)
    table = torch.cat([costs, marks], dim=2).cpu().numpy()
    return [
        np.concatenate(
            [
                _matched(found[:-1], found[-1] > 0, image=image, layer=f"{layer + 1} of {n_layers}")
                for image, found in enumerate(images)
            ],
            axis=1,
        )
        for layer, images in enumerate(table)
    ]


def _matched(
    costs: Float[np.ndarray, "queries classes"],
    is_there: Bool[np.ndarray, " classes"],
    *,
    image: int,
    layer: str,
) -> Int64[np.ndarray, "3 pairs"]:
    classes: Any = np.flatnonzero(is_there)
    wanted = costs[:, classes]
    n_bad = int((~np.isfinite(wanted)).sum())
    if n_bad:
        raise NonFiniteCostError(
            f"need finite predictions, got {n_bad} of {wanted.size} matching costs that are not "
            f"(image {image} of the batch, layer {layer}): the training has diverged; lower its "
            "learning rate, or look at this image and its label",
            image=image,
        )
    queries, columns = linear_sum_assignment(wanted)
    return np.stack([np.full(len(queries), image), queries, classes[columns]]).astype(np.int64)
