"""Which points of a mask enter the loss."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from models.losses.mask2former.config import PointRule, Ranking
from models.losses.mask2former.frame import TargetFrame, sample_at


@torch.no_grad()
def choose_points(
    masks: Float[Tensor, "rows h w"],
    frame: TargetFrame,
    rows: Int64[Tensor, "3 rows"],
    rule: PointRule,
    *,
    n_points: int,
    generator: torch.Generator,
) -> Float[Tensor, "rows points 2"]:
    """Points (x, y) of each mask, as fractions of the frame; ranked ones first.

    Args:
        masks: logits of the matched queries.
        frame: targets.
        rows: image, query and class of each mask.
        rule: how to choose.
        n_points: of every mask.
        generator: of everything that is drawn.
    """
    images = rows[0]
    n_ranked = int(n_points * rule.ranked_frac)
    if not n_ranked:
        return frame.draw_points(images, n_points, generator)
    drawn = frame.draw_points(images, int(n_points * rule.oversampling), generator)
    rank = _rank(masks, frame, rows, drawn, rule.ranking)
    first = _lowest(rank, n_ranked)
    n_missing = n_points - n_ranked
    if rule.filling == "rest":
        keys = torch.rand(rank.shape, generator=generator, device=generator.device)
        filling = _taken(drawn, _lowest(keys.scatter(1, first, 2.0), n_missing))
    else:
        filling = frame.draw_points(images, n_missing, generator)
    return torch.cat([_taken(drawn, first), filling], dim=1)


def _rank(
    masks: Float[Tensor, "rows h w"],
    frame: TargetFrame,
    rows: Int64[Tensor, "3 rows"],
    points: Float[Tensor, "rows points 2"],
    ranking: Ranking,
) -> Float[Tensor, "rows points"]:
    """The lower, the earlier a point is taken."""
    logits = sample_at(masks[:, None], points)[:, 0]
    if ranking == "uncertain":
        return logits.abs()
    images, _, classes = rows
    shares = frame.shares(images, classes[:, None], points)[:, 0]
    return binary_cross_entropy_with_logits(logits, shares, reduction="none")


def _lowest(values: Float[Tensor, "rows points"], n: int) -> Int64[Tensor, "rows {n}"]:
    """Indices of the lowest values, in no order."""
    return values.topk(n, dim=1, largest=False, sorted=False).indices


def _taken(
    points: Float[Tensor, "rows drawn 2"], chosen: Int64[Tensor, "rows chosen"]
) -> Float[Tensor, "rows chosen 2"]:
    return points.gather(1, chosen[:, :, None].expand(-1, -1, 2))
