"""Masks and their classes become one map a class."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from models.segmentation.mask2former.decoder import MaskPrediction
from models.segmentation.network import widened

_STRIP_ROWS = 32
"""Rows of mask logits that are brought to image size at a time."""


def class_maps(
    prediction: MaskPrediction, *, stride: int
) -> tuple[Float[Tensor, "batch classes h w"], Float[Tensor, "batch classes h w"]]:
    """Sum over queries of class probability times mask probability, of both class heads.

    Masks are upsampled bilinearly by `stride` before the sigmoid, the last class ("no object") is
    left out. Values lie between zero and the number of queries. In float32 at least, for bfloat16
    would round a score near one to multiples of 1/256.

    References: Cheng et al. 2021, MaskFormer (arXiv 2107.06278), semantic inference, for the sum;
    Gao et al. 2024 (arXiv 2411.03829) for the second head.
    """
    heads = torch.cat(
        [_probabilities(prediction.class_logits), _probabilities(prediction.ood_class_logits)],
        dim=1,
    )
    with torch.autocast(heads.device.type, enabled=False):
        strips = [
            torch.einsum("bcq,bqhw->bchw", heads, strip.sigmoid()).chunk(2, dim=1)
            for strip in _upsampled_strips(prediction.mask_logits.to(heads.dtype), stride)
        ]
    semantic, known = (torch.cat(maps, dim=2) for maps in zip(*strips, strict=True))
    return semantic, known  # apart: who keeps the one does not keep the other alive


def _probabilities(logits: Float[Tensor, "batch queries classes"]) -> Tensor:
    """(B, classes, Q) without the last class."""
    return widened(logits).softmax(-1)[..., :-1].transpose(1, 2)


def _upsampled_strips(masks: Float[Tensor, "batch queries h w"], stride: int) -> Iterator[Tensor]:
    """The upsampled masks, some rows at a time, top to bottom.

    All at once would take 800 MB for 100 masks of 1024x2048. A strip is upsampled with one row
    more on each side, so that its seams come out as if it had not been cut.
    """
    n_rows = masks.shape[2]
    for top in range(0, n_rows, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, n_rows)
        above, below = max(top - 1, 0), min(bottom + 1, n_rows)
        strip = functional.interpolate(
            masks[:, :, above:below], scale_factor=float(stride), mode="bilinear"
        )
        yield strip[:, :, (top - above) * stride : (bottom - above) * stride]
