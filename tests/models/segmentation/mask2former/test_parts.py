import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from models.segmentation.mask2former.composition import class_maps
from models.segmentation.mask2former.decoder import MaskPrediction
from models.segmentation.mask2former.encoder import DeformableAttention
from models.segmentation.mask2former.masked_attention import (
    GlobalMaskedAttention,
    MultiheadAttention,
    all_if_none,
)
from models.segmentation.mask2former.positions import cell_centers, sine_positions
from models.segmentation.mask2former.published_names import published_name
from models.segmentation.mask2former.transformers_parts import sample_levels

N_QUERIES, N_CELLS, WIDTH = 5, 700, 16


@pytest.fixture
def tokens():
    torch.manual_seed(0)
    return torch.randn(2, N_QUERIES, WIDTH), torch.randn(2, N_CELLS, WIDTH)


@pytest.fixture
def visible():
    """One random, one hiding all but the last cells, one without cells, one with all, one cell."""
    mask = torch.rand(2, N_QUERIES, N_CELLS) < 0.3
    mask[:, 1] = torch.arange(N_CELLS) > N_CELLS - 20
    mask[:, 2] = False
    mask[:, 3] = True
    mask[:, 4] = torch.arange(N_CELLS) == 3
    return mask


def plain_attention(attention, query, key, value, hidden):
    """The same by torch's own module."""
    reference = nn.MultiheadAttention(WIDTH, 4, batch_first=True)
    reference.load_state_dict(attention.state_dict())
    return reference(query, key, value, attn_mask=hidden.repeat_interleave(4, dim=0))[0]


def test_attention_is_that_of_torch(tokens, visible):
    queries, cells = tokens
    attention = MultiheadAttention(WIDTH, 4)
    nn.init.normal_(attention.in_proj_bias)
    visible = all_if_none(visible)
    expected = plain_attention(attention, queries, cells + 1, cells, ~visible)
    torch.testing.assert_close(attention(queries, cells + 1, cells, visible), expected)


def test_global_attention_adds_foreground_and_background(tokens, visible):
    queries, cells = tokens
    layer = GlobalMaskedAttention(WIDTH, 4, N_QUERIES)
    positions = torch.randn(N_QUERIES, WIDTH), torch.randn(1, N_CELLS, WIDTH)
    query, key = queries + positions[0], cells + positions[1]
    sees_nothing, sees_all = ~visible.any(-1, keepdim=True), visible.all(-1, keepdim=True)
    answers = [
        plain_attention(
            layer.multihead_attn_foreground, query, key, cells, ~visible & ~sees_nothing
        ),
        plain_attention(layer.multihead_attn_background, query, key, cells, visible & ~sees_all),
    ]
    given = layer(queries, positions[0], cells, positions[1], visible)
    torch.testing.assert_close(given, layer.norm(queries + sum(answers)))


def test_sine_positions_of_a_cell():
    positions = sine_positions(torch.zeros(3, 8, 5, 7))
    assert positions.shape == (1, 35, 8)
    row, column = 3, 2
    y, x = (row + 1) / 5 * 2 * math.pi, (column + 1) / 7 * 2 * math.pi
    expected = [
        turn(length / period)
        for length in (y, x)
        for period in (1, 100)  # 10000 ** (0 / 2), 10000 ** (1 / 2)
        for turn in (math.sin, math.cos)
    ]
    torch.testing.assert_close(
        positions[0, row * 7 + column], torch.tensor(expected), atol=1e-5, rtol=0
    )


def test_centers_of_cells():
    centers = cell_centers([(1, 2), (2, 1)], like=torch.zeros(1, dtype=torch.bfloat16))
    expected = [[0.25, 0.5], [0.75, 0.5], [0.5, 0.25], [0.5, 0.75]]
    torch.testing.assert_close(centers, torch.tensor(expected))


def test_samples_of_a_ramp_are_its_coordinates():
    """On maps that hold x and y themselves, a sample inside is the point in cells."""
    shapes = [(4, 6), (8, 12), (16, 24)]
    ramps = [
        torch.stack(torch.meshgrid(torch.arange(w), torch.arange(h), indexing="xy"), -1).flatten(
            0, 1
        )
        for h, w in shapes
    ]
    value = torch.cat(ramps).float()[None, :, None]
    points = 0.2 + 0.6 * torch.rand(1, 9, 1, 3, 4, 2)
    weights = torch.rand(1, 9, 1, 3, 4)
    in_cells = points * torch.tensor([[w, h] for h, w in shapes])[:, None] - 0.5
    expected = (weights[..., None] * in_cells).sum(dim=(3, 4))[:, :, 0]
    torch.testing.assert_close(sample_levels(value, shapes, points, weights), expected)


def test_deformable_attention_starts_with_heads_that_look_around():
    """Head 0 starts out looking to the right, one cell further with every point."""
    attention = DeformableAttention(16, 4)
    offsets = attention.sampling_offsets.bias.view(4, 3, 4, 2)
    torch.testing.assert_close(offsets[0, 2], torch.tensor([[n, 0.0] for n in (1, 2, 3, 4)]))
    torch.testing.assert_close(offsets[1, 0], torch.tensor([[0.0, n] for n in (1, 2, 3, 4)]))


def test_deformable_attention_averages_its_points():
    """With equal weights a head gives the mean over levels and points of what lies there."""
    torch.manual_seed(0)
    attention = DeformableAttention(2, 1)
    nn.init.eye_(attention.value_proj.weight)
    nn.init.eye_(attention.output_proj.weight)
    shapes = [(6, 6), (12, 12), (24, 24)]
    cells = torch.randn(1, sum(h * w for h, w in shapes), 2)
    given = attention(cells, cells, cell_centers(shapes, like=cells), shapes)
    level_1 = cells[0, 36 : 36 + 144].view(12, 12, 2)
    level_2 = cells[0, 180:].view(24, 24, 2)
    level_0 = cells[0, :36].view(6, 6, 2)

    def mean_at(y, x):  # a cell of level 0 and the points to its right
        total = level_0[y, x + 1 : x + 5].sum(0)
        for level, zoom in ((level_1, 2), (level_2, 4)):
            top, left = int(zoom * (y + 0.5) - 0.5), int(zoom * (x + 0.5) - 0.5)
            for step in range(1, 5):
                square = level[top : top + 2, left + step : left + step + 2]
                total = total + square.mean(dim=(0, 1))
        return total / 12

    torch.testing.assert_close(given[0, 2 * 6 + 1], mean_at(2, 1))


@pytest.mark.parametrize("n_rows", [1, 32, 33, 70])
@pytest.mark.parametrize("stride", [2, 4])
def test_strips_leave_no_seams(n_rows, stride):
    torch.manual_seed(0)
    prediction = MaskPrediction(
        torch.randn(2, 3, 5), torch.randn(2, 3, 5), 5 * torch.randn(2, 3, n_rows, 6)
    )
    whole = functional.interpolate(prediction.mask_logits, scale_factor=stride, mode="bilinear")
    for logits, given in zip(prediction, class_maps(prediction, stride=stride), strict=False):
        expected = torch.einsum("bqc,bqhw->bchw", logits.softmax(-1)[..., :4], whole.sigmoid())
        torch.testing.assert_close(given, expected)


@pytest.mark.parametrize(
    ("here", "published"),
    [
        ("backbone.embedder.embedder.convolution.weight", "backbone.stem.conv1.weight"),
        (
            "backbone.embedder.embedder.normalization.running_var",
            "backbone.stem.conv1.norm.running_var",
        ),
        (
            "backbone.encoder.stages.2.layers.5.layer.1.normalization.bias",
            "backbone.res4.5.conv2.norm.bias",
        ),
        (
            "backbone.encoder.stages.0.layers.0.shortcut.convolution.weight",
            "backbone.res2.0.shortcut.weight",
        ),
        (
            "sem_seg_head.pixel_decoder.layer_1.norm.weight",
            "sem_seg_head.pixel_decoder.layer_1.norm.weight",
        ),
    ],
)
def test_published_names(here, published):
    assert published_name(here) == published
