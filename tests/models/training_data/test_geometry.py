from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.pair_transforms import whole_frame_geometry
from models.training_data import GeometryConfig
from models.training_data.geometry import OUTSIDE_COLOR, draw_geometry, warp
from models.training_data.windows import Window
from tests.models.training_data.streets import COLORS, labels, painted

FRAME = (64, 96)
ALL = GeometryConfig(
    crop=(40, 50),
    resize_probability=0.5,
    rotate_probability=0.5,
    horizontal_flip_probability=0.5,
    vertical_flip_probability=0.5,
)


def warped(geometry, label):
    pictures = np.stack([painted(label), painted(label)])
    here = geometry.source.slices
    return warp(pictures[:, *here], np.stack([label, label])[:, *here], geometry)


def draw(seed, config=ALL, frame=FRAME):
    return draw_geometry(frame, config, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(12))
def test_image_and_label_move_together(seed):
    label = labels(FRAME, seed, cell=16)
    images, targets = warped(draw(seed), label)
    assert images.shape == (2, 40, 50, 3)
    np.testing.assert_array_equal(images[0], images[1])
    colors = COLORS[targets[0]].astype(int)
    colors[targets[0] == 255] = np.where(
        np.abs(images[0][targets[0] == 255].astype(int) - OUTSIDE_COLOR).max(-1, keepdims=True) < 2,
        OUTSIDE_COLOR,
        COLORS[255],
    )
    # Bilinear colors mix along the borders of blocks; inside of them they are the label's own.
    is_same = np.abs(images[0] - colors).max(-1) <= 2
    assert is_same.mean() > 0.7
    away = np.ones((40, 50), bool)
    for axis in (0, 1):
        for shift in (-2, -1, 1, 2):
            away &= np.roll(targets[0], shift, axis) == targets[0]
    away[:2], away[-2:], away[:, :2], away[:, -2:] = (False,) * 4
    assert is_same[away].mean() > 0.99


@pytest.mark.parametrize("seed", range(30))
def test_the_part_shows_what_the_whole_frame_would(seed):
    geometry = draw(seed)
    label = labels(FRAME, seed)
    images, targets = warped(geometry, label)
    pictures = torch.from_numpy(painted(label)).permute(2, 0, 1)[None] / 255
    exact, exact_labels = whole_frame_geometry(
        pictures, torch.from_numpy(label)[None].long(), geometry
    )
    values = exact[0].permute(1, 2, 0).numpy() * 255
    if geometry.resized == FRAME:
        assert (targets[0] == exact_labels[0].numpy()).mean() > 0.999
        inside = targets[0] != 255
        assert np.abs(images[0] - values)[inside].max() <= 1.01


@pytest.mark.parametrize("seed", range(20))
def test_a_resized_part_lies_at_most_a_pixel_aside(seed):
    """It begins at a whole pixel of the source, as the whole frame's crop need not."""
    geometry = draw(seed, replace(ALL, resize_probability=1.0))
    y, x = np.mgrid[: FRAME[0], : FRAME[1]]
    place = np.stack([2 * y, 2 * x, 0 * y], -1).astype(np.uint8)  # colors tell the source pixel
    here = geometry.source.slices
    images, targets = warp(
        np.stack([place[here]] * 2), np.zeros((2, *geometry.source.size), np.uint8), geometry
    )
    exact, outside = whole_frame_geometry(
        torch.from_numpy(place).permute(2, 0, 1)[None] / 255,
        torch.zeros((1, *FRAME), dtype=torch.int64),
        geometry,
    )
    inside = (targets[0] == 0) & (outside[0].numpy() == 0)
    inside[:2], inside[-2:], inside[:, :2], inside[:, -2:] = (False,) * 4
    aside = np.abs(images[0] - exact[0].permute(1, 2, 0).numpy() * 255)[inside] / 2
    assert aside.max() < 1.6  # a pixel, and half of one that rounding to bytes may look like


def test_a_crop_alone_is_a_cut():
    geometry = draw(3, GeometryConfig(crop=(40, 50)))
    label = labels(FRAME)
    images, targets = warped(geometry, label)
    np.testing.assert_array_equal(targets[1], label[geometry.crop.slices])
    np.testing.assert_array_equal(images[1], painted(label)[geometry.crop.slices])


def test_crops_reach_every_place():
    crops = [draw(seed, GeometryConfig(crop=(62, 95))).crop for seed in range(200)]
    assert {(crop.top, crop.left) for crop in crops} == {(y, x) for y in range(3) for x in range(2)}


@pytest.mark.parametrize("seed", range(6))
def test_a_small_frame_is_padded_with_void(seed):
    config = replace(ALL, crop=(80, 100), resize_probability=1.0, rotate_probability=0.0)
    geometry = draw(seed, config)
    label = labels(FRAME) % 19
    images, targets = warped(geometry, label)
    assert targets.shape == (2, 80, 100)
    height, width = geometry.resized
    inside = np.zeros((80, 100), bool)
    inside[-geometry.crop.top :][:height, -geometry.crop.left :][:, :width] = True
    np.testing.assert_array_equal(targets[0] != 255, inside)
    assert (images[0][~inside] == OUTSIDE_COLOR).all()


def test_a_frame_small_on_one_side_only():
    geometry = draw(0, GeometryConfig(crop=(80, 50)))
    _, targets = warped(geometry, labels(FRAME) % 19)
    rows = np.flatnonzero((targets[0] != 255).all(1))
    assert (len(rows), rows[0]) == (64, -geometry.crop.top)
    assert (targets[0] != 255).any(1).sum() == 64


@pytest.mark.parametrize("angle", [10.0, -10.0])
def test_corners_beyond_the_frame_are_void(angle):
    whole = GeometryConfig(crop=FRAME)
    geometry = replace(draw(0, whole), angle=angle)
    _, targets = warped(geometry, np.zeros(FRAME, np.uint8))
    assert set(np.unique(targets)) == {0, 255}, "nothing but road and void"
    for y, x in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert targets[0, y, x] == 255
    corners = sorted([targets[0, 0, 12], targets[0, 0, -13]])
    assert corners == [0, 255] or corners == [255, 255]
    assert (targets[0, 20:-20, 20:-20] == 0).all()


def test_a_turn_is_counterclockwise():
    whole = GeometryConfig(crop=(65, 65))
    label = np.zeros((65, 65), np.uint8)
    label[32, 40:] = 5  # a line to the right
    geometry = replace(draw(0, whole, (65, 65)), angle=90.0)
    _, targets = warped(geometry, label)
    assert (targets[0, :25, 32] == 5).all(), "it points up now"


def test_flips_are_flips():
    label = labels(FRAME)
    whole = replace(draw(0, GeometryConfig(crop=FRAME)), crop=Window(0, 0, *FRAME))
    _, mirrored = warped(replace(whole, is_mirrored=True), label)
    np.testing.assert_array_equal(mirrored[0], label[:, ::-1])
    _, upside = warped(replace(whole, is_upside_down=True), label)
    np.testing.assert_array_equal(upside[0], label[::-1])


def test_chances_and_ranges_of_the_draws():
    drawn = [draw(seed) for seed in range(1500)]
    for flag in ("is_mirrored", "is_upside_down"):
        assert np.mean([getattr(one, flag) for one in drawn]) == pytest.approx(0.5, abs=0.05)
    angles = np.array([one.angle for one in drawn])
    assert (angles != 0).mean() == pytest.approx(0.5, abs=0.05)
    turned = angles[angles != 0]
    assert (turned.min(), turned.max()) == (pytest.approx(-10, abs=0.2), pytest.approx(10, abs=0.2))
    sizes, counts = np.unique([one.resized for one in drawn], axis=0, return_counts=True)
    assert sizes.tolist() == [[44, 67], [51, 76], [57, 86], [64, 96]]
    assert counts / 1500 == pytest.approx([0.125, 0.125, 0.125, 0.625], abs=0.05)


def test_a_setting_moves_no_other_draw():
    upright = [draw(seed, replace(ALL, vertical_flip_probability=0.0)) for seed in range(20)]
    for seed, one in enumerate(upright):
        assert replace(draw(seed), is_upside_down=False) == one


def test_labels_stay_under_their_pixels_when_resized():
    """Torch's older nearest rule would move labels up and left by most of a pixel."""
    label = np.zeros((100, 100), np.uint8)
    label[50:] = 13
    config = GeometryConfig(crop=(50, 50), resize_probability=1.0, scales=(0.5,))
    images, targets = warped(draw(0, config, (100, 100)), label)
    np.testing.assert_array_equal(targets[0] == 13, images[0, ..., 0] > 6)
