"""Attention of queries to the cells of an image, each query limited to its own region.

Attributes have the published names.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional


class MultiheadAttention(nn.Module):
    """Scaled dot-product attention of several heads.

    The projections of query, key and value are one matrix, stacked in this order, as in
    `torch.nn.MultiheadAttention`; unlike there, one mask serves all heads.
    """

    def __init__(self, hidden_dim: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * hidden_dim, hidden_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * hidden_dim))
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.xavier_uniform_(self.out_proj.weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Float[Tensor, "batch queries channels"],
        key: Float[Tensor, "batch cells channels"],
        value: Float[Tensor, "batch cells channels"],
        visible: Bool[Tensor, "batch queries cells"] | None = None,
    ) -> Float[Tensor, "batch queries channels"]:
        """What every query reads from the cells that it sees; it must see one at least."""
        projections = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        queries, keys, values = (
            self._heads(functional.linear(tokens, weight, bias))
            for tokens, weight, bias in zip((query, key, value), *projections, strict=True)
        )
        mask = None if visible is None else visible[:, None]
        attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        read: Tensor = self.out_proj(attended.transpose(1, 2).flatten(2))
        return read

    def _heads(self, tokens: Tensor) -> Tensor:
        """(B, heads, tokens, head_dim) of (B, tokens, channels)."""
        return tokens.view(*tokens.shape[:2], self.n_heads, -1).transpose(1, 2)


class GlobalMaskedAttention(nn.Module):
    """Queries read the foreground of their masks with one attention, the background with another.

    The two answers are added. Plain masked attention (Cheng et al. 2022) reads the foreground
    only; the background helps to tell what belongs to no mask.

    Reference: Rai et al. 2023, Mask2Anomaly (arXiv 2307.13316), global masked attention.
    """

    def __init__(self, hidden_dim: int, n_heads: int, n_queries: int) -> None:
        super().__init__()
        self.multihead_attn_foreground = MultiheadAttention(hidden_dim, n_heads)
        self.multihead_attn_background = MultiheadAttention(hidden_dim, n_heads)
        self.norm = nn.LayerNorm(hidden_dim)
        # Published files hold this layer, and published outputs do not depend on it: it is
        # carried along, so that a checkpoint leaves as it came.
        self.fusion_layer = nn.Conv2d(2 * n_queries, n_queries, 1).requires_grad_(False)

    def forward(
        self,
        queries: Float[Tensor, "batch queries channels"],
        query_positions: Float[Tensor, "queries channels"],
        cells: Float[Tensor, "batch cells channels"],
        cell_positions: Float[Tensor, "1 cells channels"],
        foreground: Bool[Tensor, "batch queries cells"],
    ) -> Float[Tensor, "batch queries channels"]:
        """Queries after reading both sides of their masks."""
        query, key = queries + query_positions, cells + cell_positions
        inside = self.multihead_attn_foreground(query, key, cells, all_if_none(foreground))
        outside = self.multihead_attn_background(query, key, cells, all_if_none(~foreground))
        normed: Tensor = self.norm(queries + inside + outside)
        return normed


def all_if_none(
    visible: Bool[Tensor, "batch queries cells"],
) -> Bool[Tensor, "batch queries cells"]:
    """The mask, but a query that would see no cell sees every cell."""
    return visible | ~visible.any(dim=-1, keepdim=True)
