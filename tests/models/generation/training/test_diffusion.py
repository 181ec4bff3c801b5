import copy
from dataclasses import replace

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import nn

from models.generation.training.diffusion import (
    DiffusionConfig,
    DiffusionExamples,
    denoiser_of,
    diffusion_fit,
    prompt_tokens,
    wake_hints,
)
from models.generation.training.fit import FitConfig


class Recorder(nn.Module):
    """Predicts one number, and remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))
        self.seen = []

    def forward(self, noisy, timesteps, tokens, layouts):
        self.seen.append((noisy, timesteps, tokens, layouts))
        return self.value.expand_as(noisy)


def scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing"
    )


@pytest.fixture
def examples():
    """Three kinds of examples; the left half of each shows its class, the right half black."""
    numbers = torch.arange(6)
    kind = numbers % 3
    layouts = torch.zeros(6, 16, 32, dtype=torch.uint8)
    layouts[:, :, :16] = (kind[:, None, None] + 1).to(torch.uint8)
    latents = torch.zeros(6, 2, 2, 4, 8)
    latents[:, 0, :, :, :4] = latents[:, 1, :, :, 4:] = (kind[:, None, None, None] + 1) / 10
    return DiffusionExamples(
        latents=latents.half(),
        layouts=layouts,
        colors=torch.tensor([[0.0, 0, 0], [0.5, 0, 0], [0, 1.0, 0], [0, 0, 0.25]]),
        tokens=torch.tensor([[0, 8], [0, 9], [0, 1], [0, 2], [0, 3], [1, 1], [1, 2], [1, 3]]),
        n_empty=2,
        prompts=torch.stack([kind + 2, kind + 5], dim=1),
        shares=torch.full((6,), 1 / 6),
        class_weights=torch.ones(4),
    )


def config_of(n_steps, **others):
    fit = FitConfig(n_steps=n_steps, batch_size=16, learning_rate=0.1, n_warm_up=1)
    return DiffusionConfig(fit=fit, **others)


def shown(network):
    return [torch.cat(values) for values in zip(*network.seen, strict=True)]


def test_what_the_network_is_shown_belongs_together(examples):
    network = Recorder()
    config = config_of(40, no_prompt_frac=0.25, plain_prompt_frac=0.25)
    list(diffusion_fit(network, examples, scheduler(), config))
    _, timesteps, tokens, layouts = shown(network)
    assert layouts.shape == (640, 3, 16, 32)
    is_empty, is_plain = tokens[:, 1] >= 8, tokens[:, 0] == 1
    assert 0.15 < is_empty.float().mean() < 0.35
    assert {8, 9} <= set(tokens[:, 1].tolist())  # every empty prompt is drawn
    assert 0.15 < is_plain.float().mean() < 0.35
    # Prompt k goes with layout k, named or plain, whose color is that of the table.
    expected = examples.colors[tokens[~is_empty, 1]] / 2
    torch.testing.assert_close(layouts[~is_empty].mean((2, 3)), expected)
    assert timesteps.min() < 50
    assert timesteps.max() > 950


def test_a_mirrored_latent_comes_with_its_mirrored_layout(examples):
    network = Recorder()

    class NoNoise(DDIMScheduler):
        def add_noise(self, sample, noise, timesteps):
            return sample

    fit = diffusion_fit(network, examples, NoNoise.from_config(scheduler().config), config_of(10))
    list(fit)
    noisy, _, _, layouts = shown(network)
    is_left = noisy[:, 0, 0, 0] > 0
    assert 0.3 < is_left.float().mean() < 0.7
    shows_left = layouts[:, :, 0, 0].sum(1) > 0
    assert torch.equal(is_left, shows_left)


def test_the_target_is_the_velocity(examples):
    """At the last step of a schedule that ends in pure noise the velocity is minus the latent."""
    seen = []

    class Last(DDIMScheduler):
        def get_velocity(self, sample, noise, timesteps):
            velocity = super().get_velocity(sample, noise, timesteps)
            alphas = self.alphas_cumprod[timesteps][:, None, None, None]
            by_hand = alphas.sqrt() * noise - (1 - alphas).sqrt() * sample
            seen.append((velocity - by_hand).abs().max())
            return velocity

    last = Last.from_config(scheduler().config)
    list(diffusion_fit(Recorder(), examples, last, config_of(3)))
    assert max(seen) < 1e-6


def test_the_error_counts_more_where_the_layout_shows_what_is_rare(examples):
    """With a target of one everywhere but where a class is shown, the loss tells its weight."""

    class Ones(DDIMScheduler):
        def get_velocity(self, sample, noise, timesteps):
            return (sample == 0).float()

    ones = Ones.from_config(scheduler().config)
    losses = []
    for weights in (torch.ones(4), torch.tensor([1.0, 3.0, 3.0, 3.0])):
        weighted = replace(examples, class_weights=weights)
        losses.append(float(next(iter(diffusion_fit(Recorder(), weighted, ones, config_of(1))))))
    # Half of the cells have an error of one: mean 1/2; weighted 1 against 3 on the other half, 1/4.
    assert losses == pytest.approx([0.5, 0.25])


def test_examples_are_drawn_by_their_shares(examples):
    network = Recorder()
    only = torch.tensor([0.0, 0, 1, 0, 0, 0])
    list(diffusion_fit(network, replace(examples, shares=only), scheduler(), config_of(5)))
    colors = shown(network)[3].mean((2, 3))
    torch.testing.assert_close(colors, (examples.colors[3] / 2).expand_as(colors))


def test_a_compiled_denoiser_is_called_in_place_of_its_own(examples):
    network, compiled = Recorder(), Recorder()
    list(diffusion_fit(network, examples, scheduler(), config_of(1), predict=compiled))
    assert len(compiled.seen) == 1
    assert not network.seen


def test_a_bundle_gives_its_networks_and_tokens(tiny_bundle):
    assert denoiser_of(tiny_bundle).unet is tiny_bundle.unet
    tokens = prompt_tokens(tiny_bundle, ["a red box", "a snowy night " * 60])
    assert tokens.shape == (2, 77)
    with pytest.raises(ValueError, match="need a bundle with a text encoder"):
        denoiser_of(replace(tiny_bundle, text_encoder=None))
    with pytest.raises(ValueError, match="need a bundle with a tokenizer"):
        prompt_tokens(replace(tiny_bundle, tokenizer=None), ["a"])


@torch.no_grad()
def test_a_woken_controlnet_hears_the_layout_and_torch_draws_as_before(tiny_bundle):
    controlnet = copy.deepcopy(tiny_bundle.controlnet)
    layouts = torch.rand(2, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    assert float(controlnet.controlnet_cond_embedding(layouts).abs().max()) == 0
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    wake_hints(controlnet, seed=1)
    assert torch.equal(torch.rand(1), expected)
    heard = controlnet.controlnet_cond_embedding(layouts)
    assert 0.1 < float(heard.std()) < 3
    again = copy.deepcopy(tiny_bundle.controlnet)
    wake_hints(again, seed=1)
    assert torch.equal(again.controlnet_cond_embedding(layouts), heard)
