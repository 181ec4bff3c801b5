from dataclasses import replace
from functools import partial
from itertools import permutations

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, grid_sample

from models.losses.mask2former import CLOSED_SET_LOSS, NonFiniteCostError
from models.losses.mask2former.frame import TargetFrame, target_frame
from models.losses.mask2former.matching import match_segments, matching_costs
from models.segmentation.mask2former.decoder import MaskPrediction

CONFIG = replace(CLOSED_SET_LOSS, n_points=40, class_cost=2.0, mask_cost=5.0, dice_cost=3.0)


def least_cost(costs, classes):
    """Total cost of the best way to give each class a query of its own, all ways tried."""
    n_queries = len(costs)
    return min(
        sum(costs[query, name] for query, name in zip(chosen, classes, strict=True))
        for chosen in permutations(range(n_queries), len(classes))
    )


@pytest.mark.parametrize("seed", range(5))
def test_matching_by_brute_force(seed):
    source = torch.Generator().manual_seed(seed)
    costs = torch.rand(2, 3, 6, 19, generator=source).round(decimals=1)
    has_class = torch.zeros(3, 19, dtype=torch.bool)
    present = [[2, 5, 11], [18], []]
    for image, classes in enumerate(present):
        has_class[image, classes] = True
    for layer, rows in zip(costs, match_segments(costs, has_class), strict=True):
        assert rows[0].tolist() == [0, 0, 0, 1]
        for image, classes in enumerate(present):
            own = rows[:, rows[0] == image]
            assert sorted(own[2].tolist()) == classes
            assert len(set(own[1].tolist())) == len(classes)
            total = sum(layer[tuple(row)] for row in own.T.tolist())
            if classes:
                torch.testing.assert_close(total, least_cost(layer[image], classes))


def test_more_segments_than_queries():
    costs = torch.rand(1, 1, 3, 19, generator=torch.Generator().manual_seed(0))
    (rows,) = match_segments(costs, torch.ones(1, 19, dtype=torch.bool))
    assert sorted(rows[1].tolist()) == [0, 1, 2]


def test_costs_from_their_definition(predict, draw_target, generator, monkeypatch):
    drawn, draw = [], TargetFrame.draw_points

    def note(*given):
        drawn.append(draw(*given))
        return drawn[-1]

    monkeypatch.setattr(TargetFrame, "draw_points", note)
    prediction, target = predict(n_queries=3), draw_target()
    frame = target_frame(target, (32, 48), ())
    costs = matching_costs([prediction], frame, CONFIG, generator)
    assert costs.shape == (1, 2, 3, 19)
    (points,) = drawn
    read = partial(grid_sample, align_corners=False)
    for image in range(2):
        grid = 2 * points[image][None, :, None] - 1
        for query, name in ((0, 0), (1, 3), (2, 12)):
            logits = read(prediction.mask_logits[image, query][None, None], grid).flatten()
            share = read((target[image] == name).float()[None, None], grid).flatten()
            mask = logits.sigmoid()
            dice = 1 - (2 * (mask * share).sum() + 1) / (mask.sum() + share.sum() + 1)
            cross = binary_cross_entropy_with_logits(logits, share)
            named = prediction.class_logits[image, query].softmax(0)[name]
            torch.testing.assert_close(
                costs[0, image, query, name], 5 * cross + 3 * dice - 2 * named
            )


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_named(predict, draw_target, generator, bad):
    sound, target = predict(), draw_target()
    masks = sound.mask_logits.detach().clone()
    masks[1, 4] = bad
    broken = MaskPrediction(sound.class_logits, sound.ood_class_logits, masks)
    frame = target_frame(target, (32, 48), ())
    costs = matching_costs([sound, broken], frame, CONFIG, generator)
    with pytest.raises(NonFiniteCostError, match=r"image 1 of the batch, layer 2 of 2") as caught:
        match_segments(costs, frame.has_class)
    assert caught.value.image == 1
