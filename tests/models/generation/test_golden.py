"""The published outputs of the ControlNet generator, and its way through the folder layout."""

import zlib

import numpy as np
import pytest
import torch

from models.generation import load_bundle, save_bundle
from models.generation.sampling import SamplerSettings, Steering, decode, denoise
from tests.golden import golden_file, write_golden_safetensors
from tests.models.generation.bundles import OneStep

TOLERANCE = 1e-4


@torch.no_grad()
def outputs(bundle, golden):
    latent, timestep, context, hint = (
        torch.from_numpy(golden[name]) for name in ("latent", "timestep", "context", "hint")
    )
    down, mid = bundle.controlnet(latent, timestep, context, hint, return_dict=False)
    steered = bundle.unet(
        latent,
        timestep,
        context,
        down_block_additional_residuals=down,
        mid_block_additional_residual=mid,
    ).sample
    return {
        "eps": steered.numpy(),
        "eps_without_control": bundle.unet(latent, timestep, context).sample.numpy(),
        "decoded": bundle.vae.decode(latent).sample.numpy(),
    }


def drawn(bundle, golden):
    """The same, as far as pictures have it, by the functions that draw them."""
    latent, context, hint = (
        torch.from_numpy(golden[name]) for name in ("latent", "context", "hint")
    )
    eps = denoise(
        bundle,
        latent,
        Steering(prompts=context, negative_prompts=None, controls=[hint]),
        scheduler=OneStep(int(golden["timestep"])),
        settings=SamplerSettings(n_steps=1, guidance=1.0),
    )
    decoded = decode(bundle, latent * bundle.vae.config.scaling_factor)
    return {"eps": eps.numpy(), "decoded": decoded.numpy()}


def checksums(bundle):
    """Part and name -> checksum of the tensor; two bundles at once would need 11 GB."""
    return {
        (part, key): zlib.crc32(tensor.contiguous().numpy())
        for part, network in bundle.modules.items()
        for key, tensor in network.state_dict().items()
    }


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_published_generator_gives_the_published_outputs(tmp_path):
    """Needs 6 GB of memory and 11 GB of disk, and some minutes."""
    path = tmp_path / "control_sd15_seg.safetensors"
    write_golden_safetensors(golden_file("control_sd15_seg_state_dict.json"), path)
    with np.load(golden_file("control_sd15_seg_golden.npz"), allow_pickle=False) as arrays:
        golden = dict(arrays)
    bundle = load_bundle(path)
    path.unlink()
    found, sums = outputs(bundle, golden), checksums(bundle)
    for name, array in found.items():
        assert np.abs(array - golden[name]).max() < TOLERANCE, name
    for name, array in drawn(bundle, golden).items():
        assert np.abs(array - golden[name]).max() < TOLERANCE, name
    save_bundle(bundle, tmp_path / "folder")
    del bundle
    again = load_bundle(tmp_path / "folder")
    assert checksums(again) == sums
    assert again.text_encoder is None
    for name, array in outputs(again, golden).items():
        assert np.array_equal(array, found[name]), name
