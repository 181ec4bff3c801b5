import numpy as np
import torch

from models.filtering import mask_box
from models.filtering.sam.prompts import boxes_of, draw_targets, jittered


def maps() -> torch.Tensor:
    """One image with instances 3 (4 pixels), 9 (2) and 255 (1), and one without any."""
    instances = torch.zeros(2, 4, 4, dtype=torch.uint8)
    instances[0, :2, :2], instances[0, 3, :2], instances[0, 3, 3] = 3, 9, 255
    return instances


def test_lots_draw_every_instance_equally():
    lots = torch.tensor([[0.0, 0.3, 0.34, 0.6, 0.67, 0.999999]] * 2)
    targets = draw_targets(maps(), lots, min_area_px=1)
    areas = targets.masks.sum((2, 3))
    assert areas[0].tolist() == [4, 4, 2, 2, 1, 1]
    assert areas[1].tolist() == [0] * 6
    assert targets.is_there.tolist() == [[True] * 6, [False] * 6]
    assert torch.equal(targets.masks[0, 0], maps()[0] == 3)


def test_small_instances_are_not_asked_for():
    lots = torch.linspace(0, 0.99, 50).expand(2, 50)
    targets = draw_targets(maps(), lots, min_area_px=3)
    assert set(targets.masks[0].sum((1, 2)).tolist()) == {4}
    assert not draw_targets(maps(), lots, min_area_px=5).is_there.any()


def test_boxes_are_those_of_the_filter():
    generator = torch.Generator().manual_seed(0)
    masks = torch.rand(4, 5, 7, 9, generator=generator) < 0.1
    masks[:, :, 3, 4] = True
    boxes = boxes_of(masks)
    for index in np.ndindex(4, 5):
        assert tuple(boxes[index].tolist()) == mask_box(masks[index].numpy())
    assert boxes_of(torch.zeros(1, 1, 7, 9, dtype=torch.bool)).tolist() == [[[0, 0, 8, 6]]]


def test_jitter_scales_with_the_box_and_is_bounded():
    boxes = torch.tensor([[[10.0, 20, 19, 39]]])
    options = {"size": (64, 128), "jitter_frac": 0.1, "max_jitter_px": 3.0}
    still = jittered(boxes, torch.zeros(1, 1, 4), **options)
    assert torch.equal(still, boxes)
    moved = jittered(boxes, torch.tensor([[[1.0, -1, 0.5, 9]]]), **options)
    assert moved.tolist() == [[[11.0, 18, 19.5, 42]]]


def test_jittered_boxes_stay_boxes_within_the_image():
    generator = torch.Generator().manual_seed(1)
    corners = (torch.rand(50, 4, 2, 2, generator=generator) * torch.tensor([15.0, 7])).sort(2)[0]
    noise = 9 * torch.randn(50, 4, 4, generator=generator)
    moved = jittered(corners.flatten(2), noise, size=(8, 16), jitter_frac=0.5, max_jitter_px=30.0)
    x0, y0, x1, y1 = moved.unbind(2)
    assert bool(((x0 >= 0) & (x0 <= x1) & (x1 <= 15)).all())
    assert bool(((y0 >= 0) & (y0 <= y1) & (y1 <= 7)).all())
