"""A bundle small enough to load in a blink, with random weights."""

import shutil
from dataclasses import replace

import pytest
import torch
from diffusers import ControlNetModel

from models.generation.miniature import MiniatureSizes, build_miniature_bundle
from models.generation.saving import save_bundle

TINY = MiniatureSizes(
    vae_widths=(8, 8, 16),
    unet_widths=(32, 64),
    norm_groups=4,
    hint_widths=(4, 8, 16),
    text_width=32,
    text_layers=1,
    text_heads=2,
)
SENTENCES = ("a red box on the road.", "a snowy night")


@pytest.fixture(scope="session")
def tiny_bundle():
    """Bundle of stride 8 (latents of 4, one halving in the UNet); leave it as it is."""
    return build_miniature_bundle(7, TINY, sentences=SENTENCES)


@pytest.fixture(scope="session")
def tiny_folder(tiny_bundle, tmp_path_factory):
    """`tiny_bundle`, saved; leave it as it is."""
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    save_bundle(tiny_bundle, folder)
    return folder


@pytest.fixture(scope="session")
def edge_bundle(tiny_bundle):
    """`tiny_bundle` with two ControlNets that have an effect; leave it as it is."""
    layout_net, edge_net = (
        _steering_controlnet(tiny_bundle, 1),
        _steering_controlnet(tiny_bundle, 2),
    )
    return replace(tiny_bundle, controlnet=layout_net, edge_controlnet=edge_net)


def _steering_controlnet(bundle, seed):
    """A ControlNet without the zeros that a new one begins with."""
    widths = bundle.controlnet.config.conditioning_embedding_out_channels
    network = ControlNetModel.from_unet(bundle.unet, conditioning_embedding_out_channels=widths)
    generator = torch.Generator().manual_seed(seed)
    for tensor in network.parameters():
        if not tensor.any():
            tensor.data = torch.randn(tensor.shape, generator=generator)
    return network.eval()


@pytest.fixture(scope="session")
def edge_folder(edge_bundle, tmp_path_factory):
    """`edge_bundle`, saved; leave it as it is."""
    folder = tmp_path_factory.mktemp("bundle") / "edges"
    save_bundle(edge_bundle, folder)
    return folder


@pytest.fixture
def bundle_folder(tiny_folder, tmp_path):
    """A copy of `tiny_folder` to break."""
    return shutil.copytree(tiny_folder, tmp_path / "bundle")


@pytest.fixture
def draw(tiny_bundle):
    """What a bundle of the sizes of `tiny_bundle` gives for fixed inputs, as a list of tensors."""
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(1, 4, 8, 8, generator=generator)
    layout = torch.rand(1, 3, 32, 32, generator=generator)
    context = torch.randn(1, 77, 32, generator=generator)

    @torch.no_grad()
    def outputs(bundle):
        down, mid = bundle.controlnet(latent, 500, context, layout, return_dict=False)
        steered = bundle.unet(
            latent,
            500,
            context,
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
        ).sample
        return [*down, mid, steered, bundle.vae.decode(latent).sample]

    return outputs
