"""Deformable encoder: cells of three feature levels look at a few points around them.

Reference: Zhu et al. 2021, Deformable DETR (arXiv 2010.04159), as Mask2Former uses it. Attributes
have the published names.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.segmentation.mask2former.config import N_LEVELS, N_POINTS, Mask2FormerConfig
from models.segmentation.mask2former.positions import cell_centers
from models.segmentation.mask2former.transformers_parts import sample_levels


class DeformableEncoder(nn.Module):
    """Layers of deformable attention over the cells of all levels at once."""

    def __init__(self, config: Mask2FormerConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.n_encoder_layers))

    def forward(
        self,
        cells: Float[Tensor, "batch cells channels"],
        positions: Float[Tensor, "1 cells channels"],
        shapes: list[tuple[int, int]],
    ) -> Float[Tensor, "batch cells channels"]:
        """Cells that know their surroundings; `shapes` are the (height, width) of the levels."""
        centers = cell_centers(shapes, like=cells)
        for layer in self.layers:
            cells = layer(cells, positions, centers, shapes)
        return cells


class EncoderLayer(nn.Module):
    """Deformable attention and a feed-forward part, each with a residual and a norm after it."""

    def __init__(self, config: Mask2FormerConfig) -> None:
        super().__init__()
        self.self_attn = DeformableAttention(config.hidden_dim, config.n_heads)
        self.norm1 = nn.LayerNorm(config.hidden_dim)
        self.linear1 = nn.Linear(config.hidden_dim, config.encoder_width)
        self.linear2 = nn.Linear(config.encoder_width, config.hidden_dim)
        self.norm2 = nn.LayerNorm(config.hidden_dim)
        nn.init.xavier_uniform_(self.linear1.weight)
        nn.init.xavier_uniform_(self.linear2.weight)

    def forward(
        self,
        cells: Float[Tensor, "batch cells channels"],
        positions: Float[Tensor, "1 cells channels"],
        centers: Float[Tensor, "cells 2"],
        shapes: list[tuple[int, int]],
    ) -> Float[Tensor, "batch cells channels"]:
        """Cells after one exchange with the points that they chose."""
        attended = self.self_attn(cells + positions, cells, centers, shapes)
        cells = self.norm1(cells + attended)
        widened = functional.relu(self.linear1(cells))
        normed: Tensor = self.norm2(cells + self.linear2(widened))
        return normed


class DeformableAttention(nn.Module):
    """Every head of a cell samples a few points around it on each level and weighs them."""

    def __init__(self, hidden_dim: int, n_heads: int) -> None:
        super().__init__()
        n_samples = n_heads * N_LEVELS * N_POINTS
        self.n_heads = n_heads
        self.sampling_offsets = nn.Linear(hidden_dim, n_samples * 2)
        self.attention_weights = nn.Linear(hidden_dim, n_samples)
        self.value_proj = nn.Linear(hidden_dim, hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self._reset()

    def forward(
        self,
        query: Float[Tensor, "batch cells channels"],
        cells: Float[Tensor, "batch cells channels"],
        centers: Float[Tensor, "cells 2"],
        shapes: list[tuple[int, int]],
    ) -> Float[Tensor, "batch cells channels"]:
        """What the cells read; `query` decides where and how much, `cells` hold the content."""
        heads = (self.n_heads, N_LEVELS, N_POINTS)
        offsets = self.sampling_offsets(query).unflatten(-1, (*heads, 2))
        weights = self.attention_weights(query).unflatten(-1, (self.n_heads, -1)).softmax(-1)
        value = self.value_proj(cells).unflatten(-1, (self.n_heads, -1))
        sampled = sample_levels(
            value.to(centers.dtype),
            shapes,
            _points(centers, offsets, shapes),
            weights.unflatten(-1, heads[1:]).to(centers.dtype),
        )
        read: Tensor = self.output_proj(sampled.to(value.dtype))
        return read

    def _reset(self) -> None:
        """Start with head h looking along its own direction, one cell further a point."""
        angles = torch.arange(self.n_heads) * (2 * math.pi / self.n_heads)
        directions = torch.stack((angles.cos(), angles.sin()), dim=-1)
        directions = directions / directions.abs().amax(-1, keepdim=True)
        steps = torch.arange(1, N_POINTS + 1)[:, None]
        offsets = (directions[:, None, None] * steps).expand(-1, N_LEVELS, -1, -1)
        for linear in (self.sampling_offsets, self.attention_weights):
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)
        for linear in (self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(offsets.flatten())


def _points(
    centers: Float[Tensor, "cells 2"],
    offsets: Float[Tensor, "batch cells heads levels points 2"],
    shapes: list[tuple[int, int]],
) -> Float[Tensor, "batch cells heads levels points 2"]:
    """Points (x, y) as fractions of the levels, of offsets in cells of each level.

    Sizes are plain numbers here: a tensor of them would have to be copied to the device.
    """
    x, y = (centers[:, axis, None, None] for axis in (0, 1))
    levels = [
        torch.stack((x + level[..., 0] / width, y + level[..., 1] / height), dim=-1)
        for level, (height, width) in zip(offsets.unbind(3), shapes, strict=True)
    ]
    return torch.stack(levels, dim=3)
