"""The state of a training as tensors by name and JSON, which any safetensors file can carry.

Tensor names are `network/<published name>` and `optimizer/<published name>/<slot>`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from models.segmentation.architectures import shapes
from models.segmentation.network import Segmenter
from models.training.config import TrainingConfig, config_from_json, first_difference
from models.training.parameters import parameter_groups

_NETWORK, _OPTIMIZER = "network/", "optimizer/"
_FACTS = ("config", "progress")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a training is. Its stage follows from the epoch, so no resume can miss one.

    All that training draws follows from the seed and `n_steps`; there is no other random state.

    Attributes:
        epoch: in which the next step is, from 0 through all stages.
        n_batches: of that epoch that were learned from.
        n_steps: taken in all.
    """

    epoch: int = 0
    n_batches: int = 0
    n_steps: int = 0

    def __post_init__(self) -> None:
        """Refuse a count that nothing can have.

        Raises:
            ValueError: if one is no whole number of 0 or more.
        """
        for name, number in asdict(self).items():
            if type(number) is not int or number < 0:
                raise ValueError(f"need {name} of 0 or more, got {number!r}")


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingState:
    """Everything that a step changes, as copies on the CPU, and what it was trained with.

    Attributes:
        config: of the training.
        progress: steps taken.
        network: every parameter and buffer by published name.
        optimizer: slots by published name of the parameters that learned in the present stage.
    """

    config: TrainingConfig
    progress: Progress
    network: Mapping[str, Tensor]
    optimizer: Mapping[str, Mapping[str, Tensor]]


def to_tensors(state: TrainingState) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The state as contiguous tensors by name, and the rest of it as JSON."""
    tensors = {_NETWORK + name: tensor for name, tensor in state.network.items()}
    for name, slots in state.optimizer.items():
        tensors |= {f"{_OPTIMIZER}{name}/{slot}": value for slot, value in slots.items()}
    return tensors, {"config": state.config.to_json(), "progress": asdict(state.progress)}


def from_tensors(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> TrainingState:
    """The state that `to_tensors` gave.

    Raises:
        ValueError: if a tensor has another name, or the facts are not those of a training.
    """
    slots: dict[str, dict[str, Tensor]] = {}
    network: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.startswith(_NETWORK):
            network[name.removeprefix(_NETWORK)] = tensor
        elif name.startswith(_OPTIMIZER):
            parameter, _, slot = name.removeprefix(_OPTIMIZER).rpartition("/")
            slots.setdefault(parameter, {})[slot] = tensor
        else:
            raise ValueError(f"need tensors of a network and an optimizer, got {name!r}")
    if sorted(facts) != sorted(_FACTS):
        raise ValueError(f"need config and progress beside the tensors, got {sorted(facts)}")
    return TrainingState(
        config=config_from_json(facts["config"]),
        progress=_progress(facts["progress"]),
        network=network,
        optimizer=slots,
    )


def _progress(found: Mapping[str, Any]) -> Progress:
    needed = asdict(Progress())
    if sorted(found) != sorted(needed):
        raise ValueError(f"need {', '.join(needed)} as progress, got {', '.join(found) or 'none'}")
    return Progress(**found)


def copied(tensor: Tensor) -> Tensor:
    """The values in memory of their own, on the CPU, in the order of the axes."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def refuse_other(state: TrainingState, config: TrainingConfig, network: Segmenter) -> None:
    """Let pass the state of a training of this configuration and network.

    Raises:
        ValueError: naming the first difference.
    """
    _refuse_unlike("configuration", config.to_json(), state.config.to_json())
    _refuse_unlike("network", shapes(network.published_state()), shapes(state.network))
    stage = config.stages[config.stage_at(state.progress.epoch)]
    groups = parameter_groups(network, stage)
    learning = {name: tuple(p.shape) for g in groups for name, p in g.parameters.items()}
    for name, slots in state.optimizer.items():
        if name not in learning:
            raise ValueError(f"need the optimizer of stage {stage.trainable}, got {name} in it")
        needed = {"step": (), "exp_avg": learning[name], "exp_avg_sq": learning[name]}
        _refuse_unlike(f"optimizer of {name}", needed, shapes(slots))


def _refuse_unlike(what: str, needed: object, found: object) -> None:
    difference = first_difference(needed, found)
    if difference:
        raise ValueError(f"need the state of this training, got another {what}: {difference}")
