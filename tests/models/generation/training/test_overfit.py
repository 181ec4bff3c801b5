"""Training and drawing agree on what the networks are asked, and on what they answer."""

import numpy as np
import pytest
import torch

from models.generation.miniature import MiniatureSizes, build_miniature_bundle
from models.generation.prompts import encode_prompts
from models.generation.samplers import SamplerSettings, build_scheduler
from models.generation.sampling import Steering, denoise
from models.generation.training.diffusion import (
    DiffusionConfig,
    DiffusionExamples,
    denoiser_of,
    diffusion_fit,
    prompt_tokens,
    wake_hints,
)
from models.generation.training.examples import layout_palette
from models.generation.training.fit import FitConfig

PROMPTS = ("", "a night", "a day")
LAYOUT = (16, 32)
LATENT = (4, 8)
LAST = 999
"""The time of pure noise: whatever comes back comes from the layout and the prompt."""
SETTINGS = SamplerSettings(n_steps=8, guidance=1.0)
SIZES = MiniatureSizes(
    vae_widths=(8, 8, 16),
    latent_channels=4,
    unet_widths=(32, 64),
    norm_groups=4,
    hint_widths=(8, 16, 16),
    text_width=32,
    text_layers=1,
    text_heads=2,
)


def scenes():
    """Two layouts at two times: what a layout shows decides one half, the time the other."""
    layouts, latents, prompts = [], [], []
    for left in (2, 13):
        for row, sign in ((1, -1.0), (2, 1.0)):
            layout = np.zeros(LAYOUT, np.uint8)
            layout[:, : LAYOUT[1] // 2] = left
            latent = torch.full((4, *LATENT), 0.5 * sign)
            latent[:, :, : LATENT[1] // 2] = 1.5 if left == 2 else -1.5
            layouts.append(layout)
            latents.append(torch.stack([latent, latent.flip(2)]))
            prompts.append([row, row])
    return np.stack(layouts), torch.stack(latents), torch.tensor(prompts)


@pytest.fixture(scope="module")
def learned():
    """A bundle that has learned the four scenes a little, its examples and its losses."""
    bundle = build_miniature_bundle(3, SIZES, sentences=PROMPTS[1:])
    wake_hints(bundle.controlnet, seed=0)
    layouts, latents, prompts = scenes()
    examples = DiffusionExamples(
        latents=latents.half(),
        layouts=torch.from_numpy(layouts),
        colors=torch.from_numpy(layout_palette()) / 255,
        tokens=prompt_tokens(bundle, PROMPTS),
        n_empty=1,
        prompts=prompts,
        shares=torch.full((4,), 0.25),
        class_weights=torch.ones(151),
    )
    scheduler = build_scheduler(bundle, SETTINGS)
    fit = diffusion_fit(
        denoiser_of(bundle),
        examples,
        scheduler,
        DiffusionConfig(
            fit=FitConfig(
                n_steps=120, batch_size=16, learning_rate=2e-3, n_warm_up=20, average_decay=0.98
            ),
            plain_prompt_frac=0.0,
        ),
    )
    losses = torch.stack(list(fit))
    fit.finish()
    return bundle, examples, losses


def shown(examples, side):
    """Layouts in [0, 1] as the network is shown them."""
    layouts = examples.layouts if side == 0 else examples.layouts.flip(2)
    return examples.colors[layouts.long()].permute(0, 3, 1, 2)


@pytest.mark.slow
@torch.no_grad()
def test_latents_come_back_from_noise_with_their_own_layout(learned):
    bundle, examples, losses = learned
    assert losses[-20:].mean() < 0.6 * losses[:20].mean()
    scheduler = build_scheduler(bundle, SETTINGS)
    denoiser, times = denoiser_of(bundle), torch.full((4,), LAST)
    alpha = scheduler.alphas_cumprod[LAST]
    noise = torch.randn(4, 4, *LATENT, generator=torch.Generator().manual_seed(1))
    tokens = examples.tokens[examples.prompts[:, 0]]
    for side in (0, 1):
        wanted = examples.latents[:, side].float()
        noisy = scheduler.add_noise(wanted, noise, times)
        errors = []
        for layouts in (shown(examples, side), shown(examples, 1 - side)):
            velocity = denoiser(noisy, times, tokens, layouts)
            found = alpha.sqrt() * noisy - (1 - alpha).sqrt() * velocity
            errors.append((found - wanted).square().mean() / wanted.square().mean())
        assert errors[0] < 0.3
        assert errors[0] < 0.5 * errors[1]


@pytest.mark.slow
@torch.no_grad()
def test_the_pipeline_asks_the_networks_what_training_asked(learned):
    bundle, examples, _ = learned
    layouts, prompts = shown(examples, 0), examples.prompts[:, 0]
    noise = torch.randn(4, 4, *LATENT, generator=torch.Generator().manual_seed(5))
    scheduler, by_hand = build_scheduler(bundle, SETTINGS), noise
    scheduler.set_timesteps(SETTINGS.n_steps)
    for time in scheduler.timesteps:
        times = torch.full((4,), int(time))
        velocity = denoiser_of(bundle)(by_hand, times, examples.tokens[prompts], layouts)
        by_hand = scheduler.step(velocity, time, by_hand).prev_sample
    words = encode_prompts(bundle, [PROMPTS[row] for row in prompts.tolist()])
    steering = Steering(prompts=words, negative_prompts=None, controls=[layouts])
    found = denoise(
        bundle,
        noise,
        steering,
        scheduler=build_scheduler(bundle, SETTINGS),
        settings=SETTINGS,
    )
    torch.testing.assert_close(found, by_hand, atol=1e-5, rtol=1e-5)
