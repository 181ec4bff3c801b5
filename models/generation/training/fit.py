"""A training that can be stopped, stored and continued to the very same weights.

Every network of the miniature set is trained by this one loop: AdamW, a short rise of the learning
rate, one cosine down to zero. What is learned is a function of the step's random numbers, which
come from one generator on the network's device.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW

from models.divergence import DivergedError

Loss = Callable[[torch.Generator], Tensor]
"""The loss of one batch, drawn with the generator."""


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How long and how fast to train.

    Attributes:
        n_steps: batches.
        batch_size: examples a batch, drawn with repetition.
        learning_rate: highest; it falls as a cosine to zero at the end.
        n_warm_up: steps in which the rate rises.
        weight_decay: of AdamW.
        max_gradient_norm: longer gradients are cut to it.
        average_decay: of a running average of the weights, which is then what training leaves;
            None leaves the last weights.
        seed: of everything that is drawn.
        is_mixed: bfloat16 autocast, for a GPU.
    """

    n_steps: int
    batch_size: int
    learning_rate: float
    n_warm_up: int = 100
    weight_decay: float = 1e-2
    max_gradient_norm: float = 1.0
    average_decay: float | None = None
    seed: int = 0
    is_mixed: bool = False

    def __post_init__(self) -> None:
        """Refuse a training of nothing."""
        for name in ("n_steps", "batch_size", "n_warm_up"):
            if getattr(self, name) < 1:
                raise ValueError(f"need {name} of 1 or more, got {getattr(self, name)}")

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        rising = min(1.0, (step + 1) / self.n_warm_up)
        return self.learning_rate * rising * (1 + cos(pi * step / self.n_steps)) / 2


class Fit:
    """A network in training; iterating takes the steps that are left and gives their losses.

    The network must draw nothing itself: no dropout, or a continued training would differ.

    Attributes:
        n_done: steps taken.
    """

    def __init__(self, network: nn.Module, loss: Loss, config: FitConfig) -> None:
        self.network, self.config, self.n_done = network.train(), config, 0
        self._loss = loss
        self._parameters = {k: p for k, p in network.named_parameters() if p.requires_grad}
        self._device = next(iter(self._parameters.values())).device
        self._generator = torch.Generator(self._device).manual_seed(config.seed)
        self._optimizer = AdamW(
            self._parameters.values(),
            lr=config.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=config.weight_decay,
            fused=self._device.type == "cuda",
        )
        kept = self._parameters if config.average_decay is not None else {}
        self._averages = {key: p.detach().clone() for key, p in kept.items()}

    def __iter__(self) -> Iterator[Tensor]:
        """Loss of each step that is left, a scalar on the network's device."""
        while self.n_done < self.config.n_steps:
            yield self._step()

    def finish(self) -> None:
        """Leave the network in evaluation mode, with its average weights where there are some."""
        with torch.no_grad():
            for key, average in self._averages.items():
                self._parameters[key].copy_(average)
        self.network.eval()

    def state(self) -> dict[str, Tensor]:
        """Everything that a step changes, by name; copies, on the CPU."""
        slots = {
            f"optimizer/{key}/{name}": value
            for key, parameter in self._parameters.items()
            for name, value in self._optimizer.state[parameter].items()
        }
        state = {
            **{f"network/{key}": value for key, value in self.network.state_dict().items()},
            **{f"average/{key}": value for key, value in self._averages.items()},
            **slots,
            "generator": self._generator.get_state(),
            "n_done": torch.tensor(self.n_done),
        }
        return {
            key: value.detach().to("cpu", copy=True).contiguous() for key, value in state.items()
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Continue where `state` was taken from a training of the same network and config."""
        self.network.load_state_dict(_below("network", state))
        for key, average in _below("average", state).items():
            self._averages[key].copy_(average)
        slots: dict[str, dict[str, Tensor]] = {}
        for key, value in _below("optimizer", state).items():
            name, _, slot = key.rpartition("/")
            slots.setdefault(name, {})[slot] = value
        # torch's own numbering of the parameters, and its own choice of where a slot lies.
        named = self._optimizer.state_dict()
        named["state"] = {i: slots[k] for i, k in enumerate(self._parameters) if k in slots}
        self._optimizer.load_state_dict(named)
        self._generator.set_state(state["generator"])
        self.n_done = int(state["n_done"])

    def _step(self) -> Tensor:
        config, device = self.config, self._device.type
        for group in self._optimizer.param_groups:
            group["lr"] = config.rate(self.n_done)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=config.is_mixed):
            loss = self._loss(self._generator)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(self._parameters.values(), config.max_gradient_norm)
        self._optimizer.step()
        self._average()
        self.n_done += 1
        return loss.detach()

    def _average(self) -> None:
        if self.config.average_decay is None:
            return
        # Young averages forget faster, or the first random weights would stay in them.
        decay = min(self.config.average_decay, (1 + self.n_done) / (10 + self.n_done))
        current = [parameter.detach() for parameter in self._parameters.values()]
        torch._foreach_lerp_(list(self._averages.values()), current, 1 - decay)


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}


def refuse_diverged(losses: Tensor, *, first_step: int, what: str) -> None:
    """Let pass losses that are all finite.

    Args:
        losses: of consecutive steps.
        first_step: number of the first of them, from 1.
        what: is being trained, for the message.

    Raises:
        DivergedError: naming the first step whose loss is not.
    """
    is_wrong = ~torch.isfinite(losses)
    if is_wrong.any():
        index = int(is_wrong.nonzero()[0])
        raise DivergedError(
            f"{what}: need a finite loss, got {float(losses[index])} at step {first_step + index}; "
            "nothing after the last checkpoint was kept: lower the learning rate, or train without "
            "mixed precision"
        )
