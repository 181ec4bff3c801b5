import pytest
import torch

from models.losses.mask2former.frame import target_frame


def pixel_of(points, size):
    height, width = size
    x = (points[..., 0] * width).long().clamp(max=width - 1)
    y = (points[..., 1] * height).long().clamp(max=height - 1)
    return y, x


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_target_is_padded_with_void_and_left_as_it_was(dtype):
    target = torch.tensor([[[0, 18, 254], [255, 19, 3]]], dtype=dtype)
    before = target.clone()
    frame = target_frame(target, (4, 4), ())
    assert frame.classes[0].tolist() == [
        [0, 18, 19, 19],
        [19, 19, 3, 19],
        [19] * 4,
        [19] * 4,
    ]
    assert torch.equal(frame.is_counted, frame.classes < 19)
    assert torch.equal(target, before)


def test_background_ids_count_and_padding_is_void():
    target = torch.tensor([[[0, 254, 255]]])
    assert target_frame(target, (1, 4), (254,)).is_counted.tolist() == [
        [[True, True, False, False]]
    ]
    assert target_frame(target, (1, 4), (254, 255)).is_counted.all()


def test_classes_there_are_by_brute_force(draw_target):
    target = draw_target(3, ids=(0, 5, 18, 254, 255))
    target[2] = 255
    frame = target_frame(target, (32, 48), ())
    expected = [[bool((image == name).any()) for name in range(19)] for image in target]
    assert frame.has_class.tolist() == expected


def test_points_are_uniform_over_the_counted_pixels_of_their_image(generator):
    target = torch.full((3, 8, 8), 255)
    target[0, :2, :4] = 1
    target[2, 5, 1:7] = 4
    frame = target_frame(target, (8, 8), ())
    images = torch.tensor([2, 0, 2])
    points = frame.draw_points(images, 6000, generator)
    assert points.shape == (3, 6000, 2)
    for row, image in enumerate(images):
        hits = torch.zeros(8, 8)
        y, x = pixel_of(points[row], (8, 8))
        hits.index_put_((y, x), torch.ones(6000), accumulate=True)
        counted = target[image] != 255
        assert (hits[~counted] == 0).all()
        expected = 6000 / counted.sum()
        assert (hits[counted] - expected).abs().max() < 5 * expected.sqrt()
    inside = points[1] * 8 % 1
    assert (inside.mean(0) - 0.5).abs().max() < 0.02


def test_an_image_without_counted_pixels_has_points_all_the_same(generator):
    frame = target_frame(torch.full((2, 4, 4), 255), (4, 4), ())
    points = frame.draw_points(torch.tensor([0, 1]), 10, generator)
    assert ((points >= 0) & (points <= 1)).all()


def test_shares_by_hand():
    frame = target_frame(torch.tensor([[[0, 1], [255, 1]]]), (2, 2), ())
    classes = torch.tensor([[0, 1, 2]])
    quarter = torch.tensor([[[0.5, 0.25], [0.25, 0.25], [0.25, 0.5], [0.5, 0.5]]])
    shares = frame.shares(torch.tensor([0]), classes, quarter)[0]
    expected = torch.tensor([[0.5, 1, 1, 1 / 3], [0.5, 0, 0, 2 / 3], [0, 0, 0, 0]])
    torch.testing.assert_close(shares, expected)


def test_shares_with_background_are_the_interpolated_masks(draw_target, generator):
    target = draw_target(2, ids=(0, 3, 254, 255))
    frame = target_frame(target, (32, 48), (254, 255))
    points = torch.rand(2, 100, 2, generator=generator)
    shares = frame.shares(torch.tensor([1, 0]), torch.tensor([[3], [0]]), points)
    for row, (image, name) in enumerate(((1, 3), (0, 0))):
        mask = (target[image] == name).float()[None, None]
        grid = 2 * points[row][None, :, None] - 1
        expected = torch.nn.functional.grid_sample(mask, grid, align_corners=False).flatten()
        torch.testing.assert_close(shares[row, 0], expected)
