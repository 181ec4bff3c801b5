import math

import pytest
import torch

from models.filtering.sam.losses import sam_loss


def oracle(logits, predicted_iou, mask):
    """Each sum written out, pixel by pixel."""
    focal = both = found_sum = target_sum = hits = union = 0.0
    for logit, is_object in zip(logits.flatten().tolist(), mask.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-logit))
        p_true, alpha = (p, 0.25) if is_object else (1 - p, 0.75)
        focal -= alpha * (1 - p_true) ** 2 * math.log(p_true) / logits.numel()
        both, found_sum, target_sum = both + p * is_object, found_sum + p, target_sum + is_object
        hits, union = hits + (logit > 0 and is_object), union + (logit > 0 or is_object)
    dice = 1 - (2 * both + 1) / (found_sum + target_sum + 1)
    return 20 * focal + dice + (predicted_iou - hits / max(union, 1)) ** 2


def test_the_loss_is_that_of_the_paper():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(2, 3, 4, 5, generator=generator)
    masks = torch.rand(2, 3, 4, 5, generator=generator) < 0.4
    ious = torch.rand(2, 3, generator=generator)
    is_there = torch.tensor([[True, False, True], [True, True, False]])
    expected = [
        oracle(logits[index], float(ious[index]), masks[index])
        for index in map(tuple, is_there.nonzero().tolist())
    ]
    found = float(sam_loss(logits, ious, masks, is_there))
    assert found == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_nothing_to_find_is_no_loss_and_no_gradient():
    logits, ious = torch.randn(1, 2, 3, 3, requires_grad=True), torch.zeros(1, 2)
    nothing = torch.zeros(1, 2, 3, 3, dtype=torch.bool)
    loss = sam_loss(logits, ious, nothing, torch.zeros(1, 2, dtype=torch.bool))
    loss.backward()
    assert float(loss.detach()) == 0
    assert not logits.grad.any()
