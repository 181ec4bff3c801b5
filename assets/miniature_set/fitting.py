"""Running a training: progress as lines, losses kept, checkpoints written and continued from."""

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.miniature_set.workshop import Facts, Workshop

if TYPE_CHECKING:
    from torch import Tensor, nn

    from models.generation.training.fit import Fit

SAY_EVERY = 100
LOSSES = "losses.npy"
_OWN = ("losses", "seconds")
"""What a checkpoint holds beside the state of the training."""


@dataclass(eq=False)
class Curve:
    """The losses of one training; those of steps on a device are looked at in portions."""

    shop: Workshop
    stage: str
    n_steps: int
    losses: "Tensor"
    seconds: float = 0.0
    _fresh: list["Tensor"] = field(default_factory=list)
    _began: float = field(default_factory=perf_counter)
    _n_before: int = field(init=False)

    def __post_init__(self) -> None:
        self._n_before = len(self.losses)

    def add(self, loss: "Tensor") -> None:
        """Keep the loss of a step; every `SAY_EVERY` steps and at the end look at them."""
        self._fresh.append(loss)
        n_done = len(self.losses) + len(self._fresh)
        if n_done % SAY_EVERY == 0 or n_done == self.n_steps:
            self.settle()
            recent = float(self.losses[-SAY_EVERY:].mean())
            self.shop.say(
                f"{self.stage}: step {n_done}/{self.n_steps}, loss {recent:.4f}, "
                f"{self.rate:.2f} steps/s"
            )

    def settle(self) -> None:
        """Bring the losses over from the device.

        Raises:
            DivergedError: if one is not finite.
        """
        import torch

        from models.generation.training.fit import refuse_diverged

        if self._fresh:
            found = torch.stack(self._fresh).float().cpu()
            refuse_diverged(found, first_step=len(self.losses) + 1, what=self.stage)
            self.losses = torch.cat([self.losses, found])
            self._fresh.clear()

    @property
    def rate(self) -> float:
        """Steps a second since this process began with it, what it waited for included."""
        return (len(self.losses) - self._n_before) / max(1e-9, perf_counter() - self._began)

    @property
    def total_s(self) -> float:
        """Seconds of this and the interrupted runs before it."""
        return self.seconds + perf_counter() - self._began

    def facts(self, out: Path) -> Facts:
        """Numbers of a finished training; the losses go to a file."""
        losses = self.losses.numpy().astype(np.float32)
        np.save(out / LOSSES, losses)
        tail = max(1, len(losses) // 20)
        return {
            "n_steps": self.n_steps,
            "steps_per_s": round(self.rate, 3),
            "training_s": round(self.total_s, 1),
            "first_loss": float(losses[:tail].mean()),
            "last_loss": float(losses[-tail:].mean()),
        }


def run_fit(shop: Workshop, stage: str, fit: "Fit", out: Path) -> Facts:
    """Train to the end, from the last checkpoint if there is one; the network is then finished.

    Raises:
        DivergedError: if a loss is not finite; the last checkpoint stays.
    """
    curve = _curve(shop, stage, fit)
    for loss in fit:
        curve.add(loss)
        is_due = fit.n_done % shop.recipe.n_between_checkpoints == 0
        if is_due and fit.n_done < fit.config.n_steps:
            _write_checkpoint(shop.checkpoint(stage), fit, curve)
    fit.finish()
    return curve.facts(out)


def _curve(shop: Workshop, stage: str, fit: "Fit") -> Curve:
    import torch
    from safetensors.torch import load_file

    path, n_steps = shop.checkpoint(stage), fit.config.n_steps
    if not path.is_file():
        return Curve(shop, stage, n_steps, torch.empty(0))
    state = load_file(path)
    fit.restore({key: value for key, value in state.items() if key not in _OWN})
    shop.say(f"{stage}: continues after step {fit.n_done}")
    return Curve(shop, stage, n_steps, state["losses"], float(state["seconds"]))


def _write_checkpoint(path: Path, fit: "Fit", curve: Curve) -> None:
    """Keep the training as it is now, unless it is worth nothing any more."""
    from storage.weights import write_weights

    curve.settle()
    state = {key: value.numpy() for key, value in fit.state().items()}
    own = {"losses": curve.losses.numpy(), "seconds": np.array(curve.total_s)}
    write_weights(path, {**state, **own}, {"stage": curve.stage})


def write_network(path: Path, network: "nn.Module") -> None:
    """Keep a network's weights as they are, whole or not at all."""
    write_state(path, network.state_dict())


def write_state(path: Path, state: "dict[str, Tensor]", *, is_half: bool = False) -> None:
    """Keep tensors, whole or not at all.

    Args:
        path: a safetensors file.
        state: by name.
        is_half: whether weights of two and more axes become float16. Norms and biases stay as they
            are: they are small, and a variance can be too small for float16.
    """
    from storage.weights import write_weights

    arrays = {key: value.detach().cpu().numpy() for key, value in state.items()}
    if is_half:
        arrays = {key: _halved(array) for key, array in arrays.items()}
    write_weights(path, arrays, {"format": "pt"})


def _halved(array: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    is_wide = np.issubdtype(array.dtype, np.floating) and array.ndim > 1
    return array.astype(np.float16) if is_wide else array


def read_network(path: Path, network: "nn.Module", device: str) -> None:
    """Give a network the weights that `write_network` kept; evaluation mode, on the device."""
    from safetensors.torch import load_file

    network.load_state_dict(load_file(path))
    network.to(device).eval()
