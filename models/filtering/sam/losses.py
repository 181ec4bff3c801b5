"""The loss of SAM: focal and dice loss of the mask, squared error of the predicted IoU.

Reference: Kirillov et al. 2023 (arXiv 2304.02643), appendix A: focal to dice 20 to 1, and the mean
squared error of the predicted IoU with weight 1. Focal loss with alpha 0.25 and gamma 2 (Lin et al.
2017, arXiv 1708.02002), dice loss after Milletari et al. 2016 (arXiv 1606.04797).
"""

from jaxtyping import Bool, Float
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

FOCAL_WEIGHT = 20.0
DICE_WEIGHT = 1.0
IOU_WEIGHT = 1.0


def sam_loss(
    logits: Float[Tensor, "batch boxes height width"],
    predicted_ious: Float[Tensor, "batch boxes"],
    masks: Bool[Tensor, "batch boxes height width"],
    is_there: Bool[Tensor, "batch boxes"],
) -> Float[Tensor, ""]:
    """Mean over the masks that are there; 0, and no gradient, where there is none."""
    target = masks.float()
    focal: Tensor = sigmoid_focal_loss(logits, target, alpha=0.25, gamma=2).mean((2, 3))
    squared = (predicted_ious - _iou(logits > 0, masks)).square()
    loss = FOCAL_WEIGHT * focal + DICE_WEIGHT * _dice_loss(logits, target) + IOU_WEIGHT * squared
    return loss.where(is_there, 0).sum() / is_there.sum().clamp(min=1)


def _dice_loss(
    logits: Float[Tensor, "batch boxes height width"],
    target: Float[Tensor, "batch boxes height width"],
) -> Float[Tensor, "batch boxes"]:
    """1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1), with p the probability of each pixel."""
    probability = logits.sigmoid()
    both = (probability * target).sum((2, 3))
    return 1 - (2 * both + 1) / (probability.sum((2, 3)) + target.sum((2, 3)) + 1)


def _iou(
    found: Bool[Tensor, "batch boxes height width"], masks: Bool[Tensor, "batch boxes height width"]
) -> Float[Tensor, "batch boxes"]:
    union = (found | masks).sum((2, 3))
    return (found & masks).sum((2, 3)) / union.clamp(min=1)
