"""The OOD score of Mask2Former as training computes it."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from models.segmentation.mask2former import MaskPrediction
from models.segmentation.network import widened


def training_ood_score(
    prediction: MaskPrediction,
    *,
    stride: int,
    size: tuple[int, int],
    class_logits: Float[Tensor, "batch queries classes"] | None = None,
) -> Float[Tensor, "batch height width"]:
    """Minus the largest class map, in [-queries, 0], higher is further out.

    Masks are summed up at their own scale, and the score is upsampled: cheaper than the network's
    `forward`, which upsamples masks and adds one. The hinge terms read differences of scores, to
    which the one is nothing. In float32 at least.

    Reference: Gao et al. 2024 (arXiv 2411.03829), published code; upsampled after the maximum as
    Rai et al. 2023 (arXiv 2307.13316) do. Theirs aligns corners; ours aligns pixels, as the network
    does at inference.

    Args:
        prediction: of the last layer.
        stride: pixels a pixel of the mask logits, `network.config.mask_stride`.
        size: height and width of the images, without padding.
        class_logits: of the class layer that is read; None takes those of the OOD class layer.
    """
    read = prediction.ood_class_logits if class_logits is None else class_logits
    with torch.autocast(prediction.mask_logits.device.type, enabled=False):
        named = widened(read).softmax(-1)[..., :-1]
        masks = widened(prediction.mask_logits).sigmoid()
        known = torch.einsum("bqc,bqhw->bchw", named, masks).amax(dim=1, keepdim=True)
        score = interpolate(-known, scale_factor=float(stride), mode="bilinear")
    return score[:, 0, : size[0], : size[1]]
