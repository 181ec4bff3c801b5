"""All that is taken from transformers: the residual backbone and the sampling of feature maps.

Its whole Mask2Former is not used. Its pixel decoder copies shapes from the host to the device in
every layer and tests for finite values in training mode, so that the host waits and no graph can
be captured, and it computes sampling points in the type of the features, too coarse in bfloat16.
"""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from transformers import ResNetBackbone, ResNetConfig
from transformers.models.mask2former.modeling_mask2former import multi_scale_deformable_attention

from models.segmentation.mask2former.config import Mask2FormerConfig


def residual_backbone(config: Mask2FormerConfig) -> nn.Module:
    """ResNet of bottleneck blocks with random weights, stride in the 3x3 convolution."""
    sizes: dict[str, Any] = {
        "embedding_size": config.stem_width,
        "hidden_sizes": list(config.stage_widths),
        "depths": list(config.stage_depths),
        "layer_type": "bottleneck",
        "out_features": ["stage1", "stage2", "stage3", "stage4"],
    }
    backbone: nn.Module = ResNetBackbone(ResNetConfig(**sizes))
    if not config.has_stem_pool:
        backbone.embedder.pooler = nn.Identity()  # type: ignore[union-attr]
    return backbone


def backbone_stages(backbone: nn.Module, images: Float[Tensor, "b 3 h w"]) -> tuple[Tensor, ...]:
    """Feature maps (B, C, h, w) of the four stages, fine to coarse."""
    return tuple(backbone(images).feature_maps)


def sample_levels(
    value: Float[Tensor, "batch cells heads head_dim"],
    shapes: list[tuple[int, int]],
    points: Float[Tensor, "batch queries heads levels points 2"],
    weights: Float[Tensor, "batch queries heads levels points"],
) -> Float[Tensor, "batch queries channels"]:
    """Weighted sum of the bilinear samples of every head, heads side by side.

    The cells of all levels stand one after another, `shapes` are their (height, width), and a
    point is (x, y) as a fraction of the level; outside the level the value is zero.

    Reference: Zhu et al. 2021 (arXiv 2010.04159), eq. 3.
    """
    sampled: Tensor = multi_scale_deformable_attention(value, shapes, points, weights)
    return sampled
