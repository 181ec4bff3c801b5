"""The miniature's architecture: its sizes, its schedule, and that diffusers' pipeline runs it."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler

from models.generation import BundleError
from models.generation.miniature import MiniatureSizes, build_miniature_bundle, miniature_schedule
from models.generation.saving import pipeline
from tests.models.generation.bundles import equal_networks
from tests.models.generation.conftest import SENTENCES, TINY


def test_the_miniature_has_the_measured_sizes():
    bundle = build_miniature_bundle(0)
    millions = {
        part: round(sum(p.numel() for p in network.parameters()) / 1e6, 2)
        for part, network in bundle.modules.items()
    }
    assert millions == {"unet": 9.77, "controlnet": 4.45, "vae": 2.57, "text_encoder": 0.71}
    assert (bundle.latent_stride, bundle.stride) == (4, 16)
    assert bundle.vae.config.scaling_factor == 1
    assert len(bundle.tokenizer) == bundle.text_encoder.config.vocab_size < 1000


def test_a_seed_gives_its_weights_whatever_was_drawn_before(tiny_bundle):
    torch.rand(5)
    assert equal_networks(build_miniature_bundle(7, TINY, sentences=SENTENCES), tiny_bundle)
    other = build_miniature_bundle(8, TINY, sentences=SENTENCES)
    assert not equal_networks(other, tiny_bundle)


def test_the_global_generator_goes_on_as_if_nothing_was_built():
    state = torch.random.get_rng_state()
    build_miniature_bundle(3, TINY, sentences=SENTENCES)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_controlnet_starts_as_the_unets_encoder_and_without_effect(tiny_bundle, draw):
    own, control = tiny_bundle.unet.state_dict(), tiny_bundle.controlnet.state_dict()
    shared = own.keys() & control.keys()
    assert len(shared) > 50
    assert all(torch.equal(own[key], control[key]) for key in shared)
    *residuals, _, _ = draw(tiny_bundle)
    assert not any(residual.any() for residual in residuals)


def test_the_schedule_ends_in_pure_noise_and_starts_there():
    schedule = miniature_schedule()
    scheduler = DDIMScheduler.from_config(dict(schedule))
    assert scheduler.alphas_cumprod[-1] == 0
    scheduler.set_timesteps(10)
    assert scheduler.timesteps.tolist() == [999 - 100 * step for step in range(10)]
    assert schedule["prediction_type"] == "v_prediction"


def test_sizes_that_do_not_fit_are_refused():
    sizes = MiniatureSizes(
        vae_widths=(8, 16), norm_groups=4, unet_widths=(32, 64), text_width=32, text_layers=1
    )
    with pytest.raises(BundleError, match="layouts 2 times the size of the vae's latents, found 4"):
        build_miniature_bundle(0, sizes, sentences=SENTENCES)


def test_it_draws_in_diffusers_own_pipeline(tiny_bundle):
    built = pipeline(tiny_bundle)
    built.set_progress_bar_config(disable=True)
    image = built(
        "a red box on the road.",
        torch.zeros(1, 3, 32, 48),
        num_inference_steps=2,
        guidance_scale=2.0,
        generator=torch.Generator().manual_seed(0),
        output_type="np",
    ).images
    assert image.shape == (1, 32, 48, 3)
    assert np.isfinite(image).all()
