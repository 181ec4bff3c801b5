"""Whether all was finite, kept on the device and looked at from time to time."""

from math import isfinite

import torch
from torch import Tensor

from models.divergence import DivergedError


class Watch:
    """A flag that rises with the first step that is not finite and never falls again."""

    def __init__(self, device: torch.device) -> None:
        self._has_diverged = torch.zeros((), device=device)
        self._steps: list[tuple[int, tuple[str, ...]]] = []
        self._numbers: list[Tensor] = []
        self._error: DivergedError | None = None

    def add(self, is_wrong: Tensor, total: Tensor, gradient_norm: Tensor) -> Tensor:
        """The flag after a step: 1 if it or one before was wrong, else 0; a float on the device.

        Args:
            is_wrong: whether a number of the step is not finite, in any process.
            total: loss of the step.
            gradient_norm: of the step, before it is cut.
        """
        self._has_diverged = torch.maximum(self._has_diverged, is_wrong.float())
        numbers = (self._has_diverged, total.float(), gradient_norm.float())
        self._numbers.append(torch.stack(numbers))
        return self._has_diverged

    def name_step(self, step: int, sample_ids: tuple[str, ...]) -> None:
        """Keep what the error would name of the step that is added next."""
        self._steps.append((step, sample_ids))

    def look(self) -> None:
        """Wait for the device and let pass steps that are all finite.

        Raises:
            DivergedError: naming the first step that is not, and its samples; again at every look.
        """
        if self._error is None and self._steps:
            found = torch.stack(self._numbers).cpu()
            wrong = found[:, 0].nonzero()
            if len(wrong):
                first = int(wrong[0])
                self._error = _diverged(*self._steps[first], found[first])
            self._steps, self._numbers = [], []
        if self._error is not None:
            raise self._error


def _diverged(step: int, sample_ids: tuple[str, ...], numbers: Tensor) -> DivergedError:
    _, total, norm = numbers.tolist()
    doubt = " or of another process's" if isfinite(total) else ""
    return DivergedError(
        f"need a finite loss and gradient, got a loss of {total} and a gradient norm of {norm} at "
        f"step {step}, of the pairs {', '.join(sample_ids)}{doubt}; the weights are those before "
        "it: look at these pairs, lower the learning rate, or train without mixed precision",
        sample_ids=sample_ids,
    )
