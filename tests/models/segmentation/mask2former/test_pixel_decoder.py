"""Our pixel decoder beside that of transformers, with the same weights."""

import pytest
import torch
from torch import nn
from transformers import Mask2FormerConfig as TheirConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelDecoder

from models.segmentation.mask2former.config import Mask2FormerConfig
from models.segmentation.mask2former.pixel_decoder import PixelDecoder

OURS = Mask2FormerConfig(
    stage_widths=(16, 24, 32, 40),
    hidden_dim=32,
    n_heads=4,
    n_norm_groups=32,
    n_encoder_layers=2,
    encoder_width=48,
)
NAMES = {
    "transformer.encoder.layers": "encoder.layers",
    "transformer.level_embed": "level_embed",
    "input_proj": "input_projections",
    "mask_features": "mask_projection",
    "norm1": "self_attn_layer_norm",
    "norm2": "final_layer_norm",
    "linear1": "fc1",
    "linear2": "fc2",
    "adapter_1.norm": "adapter_1.1",
    "layer_1.norm": "layer_1.1",
    "adapter_1.weight": "adapter_1.0.weight",
    "layer_1.weight": "layer_1.0.weight",
}


def their_name(name: str) -> str:
    for ours, theirs in NAMES.items():
        name = name.replace(ours, theirs)
    return name


@pytest.fixture(scope="module")
def decoders():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ours = PixelDecoder(OURS).eval()
        for parameter in ours.parameters():
            nn.init.normal_(parameter, std=0.2)
    config = TheirConfig(
        feature_size=32,
        mask_feature_size=32,
        num_attention_heads=4,
        encoder_layers=2,
        encoder_feedforward_dim=48,
    )
    theirs = Mask2FormerPixelDecoder(config, list(OURS.stage_widths)).eval()
    theirs.load_state_dict({their_name(name): value for name, value in ours.state_dict().items()})
    return ours, theirs


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
@torch.inference_mode()
def test_the_outputs_are_those_of_transformers(decoders, size):
    generator = torch.Generator().manual_seed(1)
    stages = tuple(
        torch.randn(2, width, size[0] // stride, size[1] // stride, generator=generator)
        for width, stride in zip(OURS.stage_widths, (4, 8, 16, 32), strict=True)
    )
    ours, theirs = decoders
    mask_features, levels = ours(stages)
    expected = theirs(list(stages), output_attentions=False, output_hidden_states=False)
    torch.testing.assert_close(mask_features, expected.mask_features, atol=1e-4, rtol=1e-4)
    for found, wanted in zip(levels, expected.multi_scale_features, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
