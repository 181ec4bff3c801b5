"""What a SAM in training is asked for: instances of an image, and boxes that are a little off.

Every random number comes from the CPU and is passed in, so that a device changes none of them.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

N_IDS = 256


class Targets(NamedTuple):
    """Instances to find.

    Attributes:
        masks: some instances of every image.
        is_there: false where an image has no instance to ask for; the mask is empty there.
    """

    masks: Bool[Tensor, "batch boxes height width"]
    is_there: Bool[Tensor, "batch boxes"]


def draw_targets(
    instances: UInt8[Tensor, "batch height width"],
    lots: Float[Tensor, "batch boxes"],
    *,
    min_area_px: int,
) -> Targets:
    """For each lot an instance of its image, all equally likely; one may be drawn repeatedly.

    Args:
        instances: 0 on the background, another number on each instance.
        lots: from 0 to below 1.
        min_area_px: smaller instances are not asked for.
    """
    ids = instances.flatten(1).long()
    areas = torch.zeros(len(ids), N_IDS, dtype=torch.long, device=ids.device)
    areas.scatter_add_(1, ids, torch.ones_like(ids))
    is_candidate = areas >= min_area_px
    is_candidate[:, 0] = False
    rank = is_candidate.cumsum(1)
    n_candidates = rank[:, -1:]
    wanted = (lots * n_candidates).long().clamp(max=(n_candidates - 1).clamp(min=0)) + 1
    drawn = torch.searchsorted(rank, wanted).clamp(max=N_IDS - 1)
    is_there = (n_candidates > 0).expand(lots.shape)
    masks = instances[:, None].long() == drawn[:, :, None, None]
    return Targets(masks & is_there[:, :, None, None], is_there)


def boxes_of(
    masks: Bool[Tensor, "batch boxes height width"],
) -> Float[Tensor, "batch boxes 4"]:
    """Smallest box (x0, y0, x1, y1) around each mask, as `models.filtering.mask_box` gives it.

    An empty mask gets the whole image.
    """
    height, width = masks.shape[2:]
    columns, rows = masks.any(2).int(), masks.any(3).int()
    return torch.stack(
        [
            columns.argmax(2),
            rows.argmax(2),
            width - 1 - columns.flip(2).argmax(2),
            height - 1 - rows.flip(2).argmax(2),
        ],
        dim=2,
    ).float()


def jittered(
    boxes: Float[Tensor, "batch boxes 4"],
    noise: Float[Tensor, "batch boxes 4"],
    *,
    size: tuple[int, int],
    jitter_frac: float,
    max_jitter_px: float,
) -> Float[Tensor, "batch boxes 4"]:
    """Boxes whose corners are moved by noise in proportion to their sides, within the image.

    Args:
        boxes: x0, y0, x1, y1.
        noise: of standard deviation 1.
        size: height and width of the image.
        jitter_frac: standard deviation as a share of the box's side.
        max_jitter_px: a corner moves no farther along an axis.
    """
    height, width = size
    sides = (boxes[..., 2:] - boxes[..., :2] + 1).repeat(1, 1, 2)
    moved = boxes + (noise * jitter_frac * sides).clamp(-max_jitter_px, max_jitter_px)
    last = torch.tensor([width - 1, height - 1], device=boxes.device)
    first, second = moved[..., :2], moved[..., 2:]
    corners = [torch.minimum(first, second), torch.maximum(first, second)]
    return torch.cat([torch.minimum(corner.clamp(min=0), last) for corner in corners], dim=2)
