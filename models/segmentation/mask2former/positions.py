"""Where a cell of a feature map lies, as numbers that attention can read."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

TEMPERATURE = 10000.0
"""Ratio of the longest to the shortest wavelength."""

_EPSILON = 1e-6


def sine_positions(feature: Float[Tensor, "batch channels h w"]) -> Float[Tensor, "1 hw channels"]:
    """Sine embedding of the cells of a feature map, row by row, as wide as the map.

    The first half of the channels codes the row and the second half the column, each counted from
    one and scaled to end at 2 pi; sine and cosine alternate.

    Reference: Carion et al. 2020 (arXiv 2005.12872), with normalized coordinates.
    """
    channels, height, width = feature.shape[1:]
    rows = _axis(height, channels // 2, feature)
    columns = _axis(width, channels // 2, feature)
    grid = torch.cat(
        (
            rows[:, None].expand(height, width, -1),
            columns[None].expand(height, width, -1),
        ),
        dim=-1,
    )
    return grid.flatten(0, 1)[None].to(feature.dtype)


def cell_centers(shapes: list[tuple[int, int]], like: Tensor) -> Float[Tensor, "cells 2"]:
    """Centers (x, y) in (0, 1) of the cells of all levels, one level after another, row by row.

    At least float32, for the eight bits of a bfloat16 would move a center by half a cell.
    """
    return torch.cat([_level_centers(height, width, like) for height, width in shapes])


def _level_centers(height: int, width: int, like: Tensor) -> Tensor:
    rows = (_count(height, like) - 0.5) / height
    columns = (_count(width, like) - 0.5) / width
    grid = torch.stack((columns[None].expand(height, -1), rows[:, None].expand(-1, width)), dim=-1)
    return grid.flatten(0, 1)


def _axis(length: int, channels: int, like: Tensor) -> Tensor:
    angles = _count(length, like) / (length + _EPSILON) * 2 * math.pi
    exponents = 2 * torch.arange(channels // 2, device=like.device, dtype=angles.dtype) / channels
    phases = angles[:, None] / TEMPERATURE**exponents
    return torch.stack((phases.sin(), phases.cos()), dim=-1).flatten(1)


def _count(length: int, like: Tensor) -> Tensor:
    """1, 2, ... up to the length, in the type of a tensor but in float32 at least."""
    kind = torch.promote_types(like.dtype, torch.float32)
    return torch.arange(1, length + 1, device=like.device, dtype=kind)
