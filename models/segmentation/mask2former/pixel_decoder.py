"""Pixel decoder: backbone stages become three context levels and fine mask features.

Reference: Cheng et al. 2022, Mask2Former (arXiv 2112.01527), section 3 and appendix. Attributes
have the published names.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.segmentation.mask2former.config import N_LEVELS, Mask2FormerConfig
from models.segmentation.mask2former.encoder import DeformableEncoder
from models.segmentation.mask2former.positions import sine_positions


class PixelDecoder(nn.Module):
    """Deformable encoder over the three coarse stages, and one step up to the finest."""

    def __init__(self, config: Mask2FormerConfig) -> None:
        super().__init__()
        width, groups = config.hidden_dim, config.n_norm_groups
        finest, *coarse = config.stage_widths
        self.input_proj = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, width, 1), nn.GroupNorm(groups, width))
            for channels in reversed(coarse)
        )
        self.transformer = LevelEncoder(config)
        self.mask_features = nn.Conv2d(width, width, 1)
        self.adapter_1 = NormedConv(finest, width, kernel_size=1, n_groups=groups)
        self.layer_1 = NormedConv(width, width, kernel_size=3, n_groups=groups)
        _reset_convolutions(self)

    def forward(
        self, stages: tuple[Tensor, ...]
    ) -> tuple[Float[Tensor, "batch channels h w"], list[Tensor]]:
        """Mask features at the finest stride, and the levels (B, C, h, w), coarsest first."""
        finest, *coarse = stages
        projected = zip(self.input_proj, reversed(coarse), strict=True)
        levels = self.transformer([project(stage) for project, stage in projected])
        lateral = self.adapter_1(finest)
        upsampled = functional.interpolate(levels[-1], lateral.shape[-2:], mode="bilinear")
        merged = functional.relu(self.layer_1(lateral + upsampled))
        return self.mask_features(merged), levels


class LevelEncoder(nn.Module):
    """Deformable encoder between maps and cells; every level has a learned embedding."""

    def __init__(self, config: Mask2FormerConfig) -> None:
        super().__init__()
        self.level_embed = nn.Parameter(torch.randn(N_LEVELS, config.hidden_dim))
        self.encoder = DeformableEncoder(config)

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        """Maps (B, C, h, w) of the same shapes, which know each other."""
        shapes = [(level.shape[2], level.shape[3]) for level in levels]
        cells = torch.cat([level.flatten(2).transpose(1, 2) for level in levels], dim=1)
        embedded = zip(levels, self.level_embed, strict=True)
        positions = torch.cat([sine_positions(level) + code for level, code in embedded], dim=1)
        encoded = self.encoder(cells, positions, shapes)
        parts = encoded.transpose(1, 2).split([h * w for h, w in shapes], dim=2)
        return [part.unflatten(2, shape) for part, shape in zip(parts, shapes, strict=True)]


class NormedConv(nn.Conv2d):
    """Convolution without bias that keeps the size, and a group norm named as its part."""

    def __init__(self, inside: int, outside: int, *, kernel_size: int, n_groups: int) -> None:
        super().__init__(inside, outside, kernel_size, padding=kernel_size // 2, bias=False)
        self.norm = nn.GroupNorm(n_groups, outside)

    def forward(
        self, input: Float[Tensor, "batch inside h w"]
    ) -> Float[Tensor, "batch outside h w"]:
        """Normalized maps of the same size."""
        normed: Tensor = self.norm(super().forward(input))
        return normed


def _reset_convolutions(decoder: nn.Module) -> None:
    for module in decoder.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_uniform_(module.weight, a=1)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
