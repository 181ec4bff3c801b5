"""Mask2Former's criterion: matched queries must name their segment and cover it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers.models.mask2former.modeling_mask2former import (
    dice_loss,
    sigmoid_cross_entropy_loss,
)

from models.losses.mask2former.config import Mask2FormerLossConfig, PointRule
from models.losses.mask2former.frame import NO_SEGMENT, TargetFrame, sample_at, target_frame
from models.losses.mask2former.matching import match_segments, matching_costs
from models.losses.mask2former.points import choose_points
from models.segmentation.mask2former import MaskPrediction
from models.segmentation.network import widened


class Mask2FormerTerms(NamedTuple):
    """The criterion of a batch; all are scalars, summed over the layers given.

    Attributes:
        total: weighted sum of the others; the one to descend.
        classes: cross-entropy of the class of every query.
        mask_original, dice_original: cross-entropy of the masks and dice loss of the original
            half, or of the whole batch where it has no halves; sums over segments, divided by the
            number of segments of the whole batch.
        mask_generated, dice_generated: the same of the generated half, else zero.
    """

    total: Float[Tensor, ""]
    classes: Float[Tensor, ""]
    mask_original: Float[Tensor, ""]
    dice_original: Float[Tensor, ""]
    mask_generated: Float[Tensor, ""]
    dice_generated: Float[Tensor, ""]


def mask2former_loss(
    predictions: MaskPrediction | Sequence[MaskPrediction],
    target: Shaped[Tensor, "batch height width"],
    *,
    stride: int,
    config: Mask2FormerLossConfig,
    generator: torch.Generator,
) -> Mask2FormerTerms:
    """Terms and total of the criterion, on the class layer of the known classes.

    Every train id of a target is one segment. Pixels of unknown objects, void and padding are no
    segment, and no point is drawn there: nothing is learned about them, unless
    ``config.background_ids`` names them. (The published code counts them all as outside of every
    segment.) An image without a segment asks all its queries for "no object". Several processes
    divide by the segments of their own batch each.

    The matching needs the host: one transfer a call, whatever the number of images and layers.
    There is no other one. All draws come from `generator`; on a GPU the gradient of interpolation
    adds up in no fixed order. Computed in float32.

    References: Cheng et al. 2022 (arXiv 2112.01527), section 3.3; Gao et al. 2024
    (arXiv 2411.03829), appendix A.3, for the halves.

    Args:
        predictions: of the last layer, or of every layer to supervise (`predict_every_layer`).
        target: integers, see `storage.label_space`; the first half original if there are halves.
        stride: pixels a pixel of the mask logits, `network.config.mask_stride`.
        config: weights and rules.
        generator: on the device of the predictions.

    Raises:
        TypeError: if the target holds no integers.
        ValueError: if sizes do not fit, or halves are asked for and their number of images is odd.
        NonFiniteCostError: if predictions are not finite.
    """
    layers = [predictions] if isinstance(predictions, MaskPrediction) else list(predictions)
    size = _checked_size(layers, target, stride, has_halves=config.generated_points is not None)
    with torch.autocast(target.device.type, enabled=False):
        frame = target_frame(target, size, config.background_ids)
        costs = matching_costs(layers, frame, config, generator)
        matched = match_segments(costs, frame.has_class)
        terms = [
            _Criterion(frame, config, generator).terms(layer, rows)
            for layer, rows in zip(layers, matched, strict=True)
        ]
        sums = [torch.stack(values).sum() for values in zip(*terms, strict=True)]
    return Mask2FormerTerms(*sums)


@dataclass(frozen=True, eq=False)
class _Criterion:
    """What all layers are compared with, and how."""

    frame: TargetFrame
    config: Mask2FormerLossConfig
    generator: torch.Generator

    def terms(
        self, prediction: MaskPrediction, matched: Int64[np.ndarray, "3 rows"]
    ) -> Mask2FormerTerms:
        """Terms of one layer, of which each matched row is an image, a query and a class."""
        config, n_rows = self.config, len(matched[0])
        rows = torch.from_numpy(matched).to(self.frame.classes.device, non_blocking=True)
        n_original = self._n_original(matched)
        named = _class_term(prediction.class_logits, rows, config.no_object_weight)
        masks = prediction.mask_logits, max(n_rows, 1)
        original = self._mask_terms(*masks, rows[:, :n_original], config.points)
        rule = config.generated_points or config.points
        generated = self._mask_terms(*masks, rows[:, n_original:], rule)
        crossed, diced = (
            config.original_weight * of_original + of_generated
            for of_original, of_generated in zip(original, generated, strict=True)
        )
        weighted = config.mask_weight * crossed + config.dice_weight * diced
        return Mask2FormerTerms(
            config.class_weight * named + weighted, named, *original, *generated
        )

    def _n_original(self, matched: Int64[np.ndarray, "3 rows"]) -> int:
        """Rows of the original half; all where there are no halves. Rows are ordered by image."""
        if self.config.generated_points is None:
            return len(matched[0])
        return int(np.searchsorted(matched[0], len(self.frame.classes) // 2))

    def _mask_terms(
        self,
        mask_logits: Float[Tensor, "batch queries h w"],
        n_segments: int,
        rows: Int64[Tensor, "3 rows"],
        rule: PointRule,
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Cross-entropy and dice loss of the matched masks, at points of each."""
        images, queries, classes = rows
        masks = widened(mask_logits[images, queries])
        if not len(masks):
            nothing = masks.sum()  # zero, and has a gradient of zero
            return nothing, nothing
        points = choose_points(
            masks,
            self.frame,
            rows,
            rule,
            n_points=self.config.n_points,
            generator=self.generator,
        )
        shares = self.frame.shares(images, classes[:, None], points)[:, 0]
        logits = sample_at(masks[:, None], points)[:, 0]
        crossed: Tensor = sigmoid_cross_entropy_loss(logits, shares, n_segments)
        return crossed, dice_loss(logits, shares, n_segments)


def _class_term(
    class_logits: Float[Tensor, "batch queries classes"],
    rows: Int64[Tensor, "3 rows"],
    no_object_weight: float,
) -> Float[Tensor, ""]:
    """Cross-entropy, a mean in which queries without a segment have a weight of their own."""
    images, queries, classes = rows
    logits = widened(class_logits)
    wanted = torch.full(logits.shape[:2], NO_SEGMENT, device=logits.device)
    wanted[images, queries] = classes
    weights = torch.ones(logits.shape[2], device=logits.device)
    weights[NO_SEGMENT].fill_(no_object_weight)  # assigned, it would come from the host
    return cross_entropy(logits.flatten(0, 1), wanted.flatten(), weights)


def _checked_size(
    layers: list[MaskPrediction],
    target: Shaped[Tensor, "batch height width"],
    stride: int,
    *,
    has_halves: bool,
) -> tuple[int, int]:
    """Height and width that the masks cover, in pixels."""
    if target.is_floating_point() or target.dtype == torch.bool:
        raise TypeError(f"need a target of integers, got {target.dtype}")
    if not layers:
        raise ValueError("need the predictions of one layer or more, got none")
    n_images, _, height, width = layers[-1].mask_logits.shape
    size = height * stride, width * stride
    if len(target) != n_images or any(
        own > whole for own, whole in zip(target.shape[1:], size, strict=True)
    ):
        raise ValueError(
            f"need a target for {n_images} images of at most {size[0]}x{size[1]} pixels, as the "
            f"masks cover at stride {stride}, got one of shape {tuple(target.shape)}"
        )
    if has_halves and n_images % 2:
        raise ValueError(
            f"need as many generated as original images in a batch of pairs, got {n_images} in all"
        )
    return size
