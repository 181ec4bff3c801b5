"""Networks whose first weights follow from a seed, and from nothing else that the process does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_one_at_a_time = threading.Lock()
"""Held while a network is built: the random numbers and the default type are the process's own."""


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Networks built inside have float32 weights drawn from ``seed``, on the CPU.

    torch's own random numbers go on afterwards as if nothing had been drawn. Threads may build at
    the same time, but no other thread may draw from torch's global generator meanwhile.
    """
    with undisturbed("cpu"):
        # torch.manual_seed would seed the accelerators too, which nobody restores.
        torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def undisturbed(device: str) -> Iterator[None]:
    """Alone on a device, in float32; random numbers and default type are given back afterwards."""
    with _one_at_a_time, torch.random.fork_rng(devices=[]), torch.device(device):
        former = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(former)
