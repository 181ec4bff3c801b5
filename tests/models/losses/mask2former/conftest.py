import pytest
import torch

from models.segmentation.mask2former.decoder import MaskPrediction

STRIDE = 4


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def predict():
    """Random predictions for images of `size`, with gradients."""

    def draw(n_images=2, size=(32, 48), n_queries=25, seed=0):
        source = torch.Generator().manual_seed(seed)
        shapes = [
            (n_images, n_queries, 20),
            (n_images, n_queries, 20),
            (n_images, n_queries, size[0] // STRIDE, size[1] // STRIDE),
        ]
        return MaskPrediction(
            *((2 * torch.randn(shape, generator=source)).requires_grad_() for shape in shapes)
        )

    return draw


@pytest.fixture
def draw_target():
    """Blocks of 8x8 pixels with the ids given, drawn at random; int64."""

    def draw(n_images=2, size=(32, 48), ids=(0, 3, 7, 18), seed=0):
        source = torch.Generator().manual_seed(seed)
        cells = (n_images, size[0] // 8, size[1] // 8)
        chosen = torch.randint(len(ids), cells, generator=source)
        blocks = torch.tensor(ids)[chosen]
        return blocks.repeat_interleave(8, 1).repeat_interleave(8, 2)

    return draw
