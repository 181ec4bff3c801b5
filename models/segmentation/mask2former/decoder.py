"""Query decoder: queries read the image level by level and become masks with a class.

Reference: Cheng et al. 2022, Mask2Former (arXiv 2112.01527), section 3.2, with the global masked
attention of Rai et al. 2023 and a second class head. Attributes have the published names.
"""

from itertools import cycle
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from models.segmentation.mask2former.config import N_LEVELS, Mask2FormerConfig
from models.segmentation.mask2former.masked_attention import (
    GlobalMaskedAttention,
    MultiheadAttention,
)
from models.segmentation.mask2former.positions import sine_positions

FOREGROUND_FRAC = 0.5
"""Mask probability from which on a cell is in the foreground of a query."""


class MaskPrediction(NamedTuple):
    """What the queries of one decoder layer say, before any softmax or sigmoid.

    Attributes:
        class_logits: (B, Q, classes + 1), the last one means "no object".
        ood_class_logits: the same of the head behind the OOD score.
        mask_logits: (B, Q, h, w), of the padded image at the mask stride.
    """

    class_logits: Float[Tensor, "batch queries classes"]
    ood_class_logits: Float[Tensor, "batch queries classes"]
    mask_logits: Float[Tensor, "batch queries h w"]


class QueryDecoder(nn.Module):
    """Learned queries, the layers that update them, and the heads that read them."""

    def __init__(self, config: Mask2FormerConfig) -> None:
        super().__init__()
        width, heads = config.hidden_dim, config.n_heads
        layers = range(config.n_decoder_layers)
        self.transformer_cross_attention_layers = nn.ModuleList(
            GlobalMaskedAttention(width, heads, config.n_queries) for _ in layers
        )
        self.transformer_self_attention_layers = nn.ModuleList(
            SelfAttention(width, heads) for _ in layers
        )
        self.transformer_ffn_layers = nn.ModuleList(
            FeedForward(width, config.decoder_width) for _ in layers
        )
        self.decoder_norm = nn.LayerNorm(width)
        self.query_feat = nn.Embedding(config.n_queries, width)
        self.query_embed = nn.Embedding(config.n_queries, width)
        self.level_embed = nn.Embedding(N_LEVELS, width)
        self.class_embed = nn.Linear(width, config.n_classes + 1)
        self.class_embed2 = nn.Linear(width, config.n_classes + 1)
        self.mask_embed = MaskEmbedding(width)

    def forward(
        self, mask_features: Float[Tensor, "batch channels h w"], levels: list[Tensor]
    ) -> list[Float[Tensor, "batch queries channels"]]:
        """Normalized queries before the first and after every layer."""
        queries = self.query_feat.weight.expand(len(mask_features), -1, -1)
        normed = [self.decoder_norm(queries)]
        memories = [self._memory(mask_features, levels, index) for index in range(N_LEVELS)]
        layers = zip(
            self.transformer_cross_attention_layers,
            self.transformer_self_attention_layers,
            self.transformer_ffn_layers,
            cycle(memories),
            strict=False,
        )
        for cross, among, feed, memory in layers:
            foreground = self._foreground(normed[-1], memory.mask_features)
            positions = self.query_embed.weight
            queries = cross(queries, positions, memory.cells, memory.positions, foreground)
            queries = feed(among(queries, positions))
            normed.append(self.decoder_norm(queries))
        return normed

    def predict(
        self,
        queries: Float[Tensor, "batch queries channels"],
        mask_features: Float[Tensor, "batch channels h w"],
    ) -> MaskPrediction:
        """What normalized queries say."""
        masks = torch.einsum("bqc,bchw->bqhw", self.mask_embed(queries), mask_features)
        return MaskPrediction(self.class_embed(queries), self.class_embed2(queries), masks)

    def _memory(self, mask_features: Tensor, levels: list[Tensor], index: int) -> "_Memory":
        level = levels[index]
        return _Memory(
            cells=level.flatten(2).transpose(1, 2) + self.level_embed.weight[index],
            positions=sine_positions(level),
            mask_features=functional.interpolate(mask_features, level.shape[2:], mode="bilinear"),
        )

    def _foreground(
        self,
        queries: Float[Tensor, "batch queries channels"],
        mask_features: Float[Tensor, "batch channels h w"],
    ) -> Bool[Tensor, "batch queries cells"]:
        """Cells of a level inside the mask of each query.

        The published network makes the masks at full size and shrinks them; shrinking is linear,
        so the same comes of shrunken features, far cheaper.
        """
        masks: Tensor = self.mask_embed(queries) @ mask_features.flatten(2)
        return masks.sigmoid() >= FOREGROUND_FRAC  # a comparison has no gradient


class _Memory(NamedTuple):
    """A level as the decoder reads it: cells (B, N, C), positions, mask features of its size."""

    cells: Tensor
    positions: Tensor
    mask_features: Tensor


class SelfAttention(nn.Module):
    """Queries read each other; norm after the residual."""

    def __init__(self, hidden_dim: int, n_heads: int) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(hidden_dim, n_heads)
        self.norm = nn.LayerNorm(hidden_dim)

    def forward(
        self,
        queries: Float[Tensor, "batch queries channels"],
        positions: Float[Tensor, "queries channels"],
    ) -> Float[Tensor, "batch queries channels"]:
        """Queries that know each other."""
        located = queries + positions
        normed: Tensor = self.norm(queries + self.self_attn(located, located, queries))
        return normed


class FeedForward(nn.Module):
    """Two linear layers on each query alone; norm after the residual."""

    def __init__(self, hidden_dim: int, width: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(hidden_dim, width)
        self.linear2 = nn.Linear(width, hidden_dim)
        self.norm = nn.LayerNorm(hidden_dim)
        nn.init.xavier_uniform_(self.linear1.weight)
        nn.init.xavier_uniform_(self.linear2.weight)

    def forward(
        self, queries: Float[Tensor, "batch queries channels"]
    ) -> Float[Tensor, "batch queries channels"]:
        """Queries after the two layers."""
        widened = functional.relu(self.linear1(queries))
        normed: Tensor = self.norm(queries + self.linear2(widened))
        return normed


class MaskEmbedding(nn.Module):
    """Three linear layers that turn a query into weights of the mask features."""

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(hidden_dim, hidden_dim) for _ in range(3))

    def forward(
        self, queries: Float[Tensor, "batch queries channels"]
    ) -> Float[Tensor, "batch queries channels"]:
        """Weights, of which the product with the mask features gives the mask logits."""
        first, second, last = self.layers
        weights: Tensor = last(functional.relu(second(functional.relu(first(queries)))))
        return weights
