"""What training asks of whoever started its processes; one process alone asks nobody."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class Launch(Protocol):
    """One process among those that train one network together, each on batches of its own."""

    @property
    def process_index(self) -> int:
        """Number of this process, from 0."""

    def wrap(self, objective: nn.Module) -> nn.Module:
        """What is called in place of an objective, so that its gradients become the mean over all.

        It is called when a stage begins: what learns has been decided, and differs from before.
        """

    def gathering(self, objective: nn.Module, *, is_last: bool) -> AbstractContextManager[object]:
        """Around one batch of a step; gradients need to be exchanged only with the last one."""

    def anywhere(self, flag: Tensor) -> Tensor:
        """Whether the scalar boolean is true in any process; on the device, without waiting."""


class OneProcess:
    """The launch of a process that trains alone."""

    process_index = 0

    def wrap(self, objective: nn.Module) -> nn.Module:
        """The objective itself."""
        return objective

    def gathering(
        self,
        objective: nn.Module,  # noqa: ARG002
        *,
        is_last: bool,  # noqa: ARG002
    ) -> AbstractContextManager[object]:
        """Nothing around a batch."""
        return nullcontext()

    def anywhere(self, flag: Tensor) -> Tensor:
        """The flag itself."""
        return flag
