"""The optimizer of a stage, and what it keeps of each parameter, by published name."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer

from models.training.parameters import ParameterGroup


def make_optimizer(groups: Iterable[ParameterGroup], name: str) -> Optimizer:
    """Adam or AdamW of torch in the form that can be told on the device to leave all as it is."""
    kinds: dict[str, type[Adam]] = {"adam": Adam, "adamw": AdamW}
    settings = [
        {
            "params": list(group.parameters.values()),
            "lr": group.learning_rate,
            "weight_decay": group.weight_decay,
        }
        for group in groups
    ]
    return kinds[name](settings, fused=True)


def slots_of(
    optimizer: Optimizer, groups: Iterable[ParameterGroup]
) -> dict[str, dict[str, Tensor]]:
    """What the optimizer keeps of each parameter, by published name; nothing before a step."""
    named = {name: p for group in groups for name, p in group.parameters.items()}
    return {
        name: dict(optimizer.state[parameter])
        for name, parameter in named.items()
        if optimizer.state.get(parameter)
    }


def fill_slots(
    optimizer: Optimizer,
    groups: Iterable[ParameterGroup],
    slots: Mapping[str, Mapping[str, Tensor]],
) -> None:
    """Give the optimizer what `slots_of` gave, laid out in memory as its parameters are."""
    optimizer.state.clear()
    for group in groups:
        for name, parameter in group.parameters.items():
            if name in slots:
                optimizer.state[parameter] = {
                    slot: _laid_out(value, parameter) for slot, value in slots[name].items()
                }


def _laid_out(value: Tensor, parameter: Tensor) -> Tensor:
    # The fused kernels walk over weight and moments in one stride.
    if value.shape == parameter.shape:
        return torch.empty_like(parameter).copy_(value)
    return value.to(parameter.device, copy=True)
