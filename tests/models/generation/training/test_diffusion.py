import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import nn

from models.generation.training.diffusion import (
    DiffusionConfig,
    DiffusionExamples,
    _rate,
    train_diffusion,
)


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
    numbers = torch.arange(6)
    return DiffusionExamples(
        latents=(numbers[:, None, None, None] / 10.0).expand(6, 2, 4, 8).clone(),
        layouts=(numbers[:, None, None] % 3).expand(6, 16, 32).to(torch.uint8).clone(),
        colors=torch.tensor([[0.0, 0, 0], [0.5, 0, 0], [0, 1.0, 0]]),
        tokens=torch.tensor([[0, 9], [0, 1], [0, 2], [0, 3]]),
        prompts=numbers % 3 + 1,
    )


def test_what_the_network_is_shown_belongs_together(examples):
    network = Recorder()
    config = DiffusionConfig(n_steps=40, batch_size=16, n_warm_up=1, no_prompt_frac=0.25)
    list(train_diffusion(network, examples, scheduler(), config))
    tokens = torch.cat([seen[2] for seen in network.seen])
    layouts = torch.cat([seen[3] for seen in network.seen])
    assert layouts.shape == (640, 3, 16, 32)
    is_dropped = tokens[:, 1] == 9
    assert 0.15 < is_dropped.float().mean() < 0.35
    # Prompt k goes with layout k - 1, whose color is that of the table.
    expected = examples.colors[(tokens[~is_dropped, 1] - 1)]
    torch.testing.assert_close(layouts[~is_dropped].mean((2, 3)), expected)
    timesteps = torch.cat([seen[1] for seen in network.seen])
    assert timesteps.min() < 50
    assert timesteps.max() > 950


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

    config = DiffusionConfig(n_steps=3, batch_size=8)
    list(train_diffusion(Recorder(), examples, Last.from_config(scheduler().config), config))
    assert max(seen) < 1e-6


def test_training_leaves_the_average_of_the_weights(examples):
    network, values = Recorder(), []
    config = DiffusionConfig(n_steps=20, batch_size=8, n_warm_up=1, learning_rate=0.1)
    for _ in train_diffusion(network, examples, scheduler(), config):
        values.append(float(network.value.detach()))
    average = 0.0
    for step, value in enumerate(values):
        decay = min(config.average_decay, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * value
    assert float(network.value.detach()) == pytest.approx(average, abs=1e-6)
    assert float(network.value.detach()) != pytest.approx(values[-1], abs=1e-6)


def test_training_repeats_itself(examples):
    found = []
    for seed in (0, 0, 1):
        network = Recorder()
        config = DiffusionConfig(n_steps=5, batch_size=8, seed=seed, n_warm_up=1)
        list(train_diffusion(network, examples, scheduler(), config))
        found.append(float(network.value.detach()))
    assert found[0] == found[1] != found[2]


def test_the_rate_rises_holds_and_falls():
    config = DiffusionConfig(n_steps=900, n_warm_up=100)
    assert _rate(0, config) == pytest.approx(0.01)
    assert _rate(100, config) == _rate(600, config) == 1
    assert _rate(750, config) == pytest.approx(0.5)
    assert 0 < _rate(899, config) < 0.01
