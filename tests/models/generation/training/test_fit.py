import pytest
import torch
from torch import nn

from models.generation.training.fit import DivergedError, Fit, FitConfig, refuse_diverged


class Small(nn.Module):
    """A network with a buffer that training changes."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer, self.norm = nn.Linear(3, 3), nn.BatchNorm1d(3)

    def forward(self, x):
        return self.norm(self.layer(x))


def fit_of(config):
    network = Small()

    def loss(generator):
        x = torch.randn(config.batch_size, 3, generator=generator)
        return (network(x) - x.flip(1)).square().mean()

    return Fit(network, loss, config)


CONFIG = FitConfig(n_steps=12, batch_size=8, learning_rate=0.1, n_warm_up=3, average_decay=0.8)


def test_the_rate_rises_and_falls_as_a_cosine_to_zero():
    config = FitConfig(n_steps=1000, batch_size=1, learning_rate=2.0, n_warm_up=10)
    assert config.rate(0) == pytest.approx(0.2)
    assert config.rate(500) == pytest.approx(1.0)
    assert 0 < config.rate(999) < 1e-4


def test_training_learns_and_repeats_itself():
    first, second = fit_of(CONFIG), fit_of(CONFIG)
    losses = [[float(loss) for loss in fit] for fit in (first, second)]
    assert losses[0] == losses[1]
    assert len(losses[0]) == first.n_done == 12
    assert losses[0][-1] < losses[0][0]
    other = [float(loss) for loss in fit_of(FitConfig(**{**CONFIG.__dict__, "seed": 1}))]
    assert other != losses[0]


@pytest.mark.parametrize("n_before", [1, 5])
def test_a_stored_and_continued_training_gives_the_same_bits(n_before):
    whole = fit_of(CONFIG)
    losses = list(whole)
    begun = fit_of(CONFIG)
    for _ in zip(range(n_before), begun, strict=False):
        pass
    state = begun.state()
    for _ in zip(range(2), begun, strict=False):
        pass  # what comes after the checkpoint is lost
    continued = fit_of(CONFIG)
    continued.restore(state)
    assert continued.n_done == n_before
    rest = list(continued)
    assert torch.equal(torch.stack(rest), torch.stack(losses[n_before:]))
    for fit in (whole, continued):
        fit.finish()
    for key, value in whole.network.state_dict().items():
        assert torch.equal(value, continued.network.state_dict()[key]), key


def test_what_remains_is_the_average_of_the_weights():
    fit, average = fit_of(CONFIG), Small().layer.weight.detach()
    for step, _ in enumerate(fit):
        decay = min(0.8, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * fit.network.layer.weight.detach()
    last = fit.network.layer.weight.detach().clone()
    fit.finish()
    torch.testing.assert_close(fit.network.layer.weight.detach(), average)
    assert not torch.allclose(fit.network.layer.weight, last)
    assert not fit.network.training


def test_without_an_average_the_last_weights_remain():
    fit = fit_of(FitConfig(n_steps=3, batch_size=4, learning_rate=0.1))
    list(fit)
    last = fit.network.layer.weight.detach().clone()
    fit.finish()
    assert torch.equal(fit.network.layer.weight.detach(), last)


def test_a_loss_that_is_not_finite_is_named_with_its_step():
    losses = torch.tensor([1.0, 2.0, float("nan"), float("inf")])
    with pytest.raises(DivergedError, match=r"diffusion: need a finite loss, got nan at step 13"):
        refuse_diverged(losses, first_step=11, what="diffusion")
    refuse_diverged(losses[:2], first_step=1, what="diffusion")
    refuse_diverged(torch.empty(0), first_step=1, what="diffusion")


@pytest.mark.parametrize("field", ["n_steps", "batch_size", "n_warm_up"])
def test_a_training_of_nothing_is_refused(field):
    numbers = {"n_steps": 1, "batch_size": 1, "learning_rate": 1.0, field: 0}
    with pytest.raises(ValueError, match=f"need {field} of 1 or more, got 0"):
        FitConfig(**numbers)
