"""DeepLabv3+ on WideResNet38, with the second class layer that scores the unknown.

Chen et al. 2018 (arXiv 1802.02611) describe the network; Gao et al. 2024 (arXiv 2411.03829, section
3) add `ood_head`. Parameter names are those of the published checkpoints. Every resize is bilinear
with aligned corners.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from models.segmentation.network import Segmenter, SegmenterOutput, check_images, widened
from models.segmentation.wide_resnet import (
    PUBLISHED_MODULES,
    PUBLISHED_STEM_WIDTH,
    ModuleConfig,
    WideResNet,
    norm_relu,
)
from storage.label_space import N_CLASSES


@dataclass(frozen=True, kw_only=True)
class DeepLabConfig:
    """Width and depth of the network; the defaults are the published ones.

    Attributes:
        stem_width: channels of the first convolution, at full resolution.
        modules: modules 2 to 7 of the trunk.
        aspp_width: channels of each of the five branches of the pyramid.
        aspp_rates: dilations of its three 3x3 branches, in cells of stride 8.
        fine_width: channels kept of the fine features.
        decoder_width: channels of the decoder.
    """

    stem_width: int = PUBLISHED_STEM_WIDTH
    modules: tuple[ModuleConfig, ...] = PUBLISHED_MODULES
    aspp_width: int = 256
    aspp_rates: tuple[int, int, int] = (12, 24, 36)
    fine_width: int = 48
    decoder_width: int = 256


MINIATURE = DeepLabConfig(
    stem_width=16,
    modules=(
        ModuleConfig(n_blocks=1, widths=(32, 32)),
        ModuleConfig(n_blocks=1, widths=(64, 64)),
        ModuleConfig(n_blocks=2, widths=(96, 96), stride=2),
        ModuleConfig(n_blocks=1, widths=(96, 128), dilation=2),
        ModuleConfig(n_blocks=1, widths=(64, 128, 192), dilation=4, dropout_frac=0.1),
        ModuleConfig(n_blocks=1, widths=(64, 128, 192), dilation=4, dropout_frac=0.1),
    ),
    aspp_width=48,
    aspp_rates=(2, 4, 6),
    fine_width=16,
    decoder_width=48,
)
"""For images of 128x256: the same code, about 1/100 of the published parameters."""


class PyramidPooling(nn.Module):
    """Atrous spatial pyramid: the image's mean, a 1x1 and three dilated 3x3 convolutions."""

    def __init__(self, in_width: int, width: int, rates: tuple[int, int, int]) -> None:
        super().__init__()
        self.features = nn.ModuleList(
            [_conv_norm_relu(in_width, width, size=1)]
            + [_conv_norm_relu(in_width, width, size=3, dilation=rate) for rate in rates]
        )
        self.img_conv = _conv_norm_relu(in_width, width, size=1)

    def forward(self, deep: Tensor) -> Tensor:
        """(B, C, h, w) to (B, 5 * width, h, w), the image's mean first."""
        branches = [branch(deep) for branch in self.features]
        # Laid out as the branches are: an expanded mean would make `cat` forget channels_last.
        mean = torch.zeros_like(branches[0]) + self.img_conv(deep.mean((2, 3), keepdim=True))
        return torch.cat([mean, *branches], dim=1)


class DeepLab(WideResNet, Segmenter):
    """DeepLabv3+; its OOD score is the negative log-sum-exp of the second class layer."""

    class_layer = "final.6"
    ood_layer = "ood_head"

    def __init__(self, config: DeepLabConfig) -> None:
        super().__init__(config.stem_width, config.modules)
        fine_width, deep_width = (config.modules[i].widths[-1] for i in (0, -1))
        width = config.decoder_width
        self.aspp = PyramidPooling(deep_width, config.aspp_width, config.aspp_rates)
        self.bot_fine = nn.Conv2d(fine_width, config.fine_width, 1, bias=False)
        self.bot_aspp = nn.Conv2d(5 * config.aspp_width, width, 1, bias=False)
        self.final = nn.Sequential(
            *_conv_norm_relu(config.fine_width + width, width, size=3),
            *_conv_norm_relu(width, width, size=3),
            nn.Conv2d(width, N_CLASSES, 1, bias=False),
        )
        self.ood_head = nn.Conv2d(width, N_CLASSES, 1, bias=False)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> SegmenterOutput:
        """Logits and OOD score at the resolution of the images, in float32 or wider.

        Images of any float type are read in the type of the weights.

        Raises:
            TypeError: if the images are no floats.
            ValueError: if they have another shape.
        """
        check_images(images)
        features = self.decode(*self.extract(images.to(self.ood_head.weight.dtype)))
        size = images.shape[2:]
        ood_score = -torch.logsumexp(widened(self.ood_head(features)), dim=1, keepdim=True)
        return SegmenterOutput(
            _resize(widened(self.final[6](features)), size), _resize(ood_score, size)[:, 0]
        )

    def decode(self, fine: Tensor, deep: Tensor) -> Tensor:
        """Features (B, decoder_width, H/2, W/2) that both class layers read."""
        coarse = _resize(self.bot_aspp(self.aspp(deep)), fine.shape[2:])
        features: Tensor = self.final[:6](torch.cat([self.bot_fine(fine), coarse], dim=1))
        return features


def deeplab_wrn38() -> DeepLab:
    """The published network, 137 million parameters."""
    return DeepLab(DeepLabConfig())


def deeplab_miniature() -> DeepLab:
    """The same code small enough for a laptop."""
    return DeepLab(MINIATURE)


def _conv_norm_relu(in_width: int, width: int, *, size: int, dilation: int = 1) -> nn.Sequential:
    padding = dilation if size > 1 else 0
    conv = nn.Conv2d(in_width, width, size, padding=padding, dilation=dilation, bias=False)
    return nn.Sequential(conv, *norm_relu(width))


def _resize(maps: Tensor, size: torch.Size) -> Tensor:
    return interpolate(maps, size=tuple(size), mode="bilinear", align_corners=True)
