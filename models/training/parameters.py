"""Which parameters of a segmenter learn, how fast, and in which mode its modules run."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from models.checkpoint.matching import grouped, has_prefix
from models.segmentation.network import Segmenter
from models.training.config import Norms, StageConfig

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_SPARED = (*_BATCH_NORMS, nn.GroupNorm, nn.LayerNorm, nn.Embedding)
"""Modules whose parameters a selective decay leaves alone."""

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@dataclass(frozen=True, kw_only=True, eq=False)
class ParameterGroup:
    """Parameters by published name that share a learning rate and a decay."""

    learning_rate: float
    weight_decay: float
    parameters: dict[str, nn.Parameter]


def begin_stage(network: Segmenter, stage: StageConfig) -> list[ParameterGroup]:
    """Let only the parameters of a stage learn, set the modes of all modules, and give the groups.

    Groups come in the order of the network's parameters, those that share rate and decay as one.

    Raises:
        ValueError: if a prefix of the stage names nothing; the network is then as it was.
    """
    groups = parameter_groups(network, stage)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
        parameter.grad = None
    for group in groups:
        for parameter in group.parameters.values():
            parameter.requires_grad_()
    set_modes(network, stage.norms)
    return groups


def parameter_groups(network: Segmenter, stage: StageConfig) -> list[ParameterGroup]:
    """What learns in a stage; nothing is changed.

    Raises:
        ValueError: if a prefix of the stage names nothing.
    """
    named = published_parameters(network)
    _refuse_unknown(stage.trainable, named, "trainable")
    _refuse_unknown([prefix for prefix, _ in stage.rate_factors], named, "rate_factors")
    spared = _spared(network) if stage.is_decay_selective else set()
    groups: dict[tuple[float, float], dict[str, nn.Parameter]] = {}
    for name, parameter in named.items():
        if has_prefix(name, stage.trainable):
            rate = stage.learning_rate * _factor(name, stage)
            decay = 0.0 if parameter in spared else stage.weight_decay
            groups.setdefault((rate, decay), {})[name] = parameter
    return [
        ParameterGroup(learning_rate=rate, weight_decay=decay, parameters=parameters)
        for (rate, decay), parameters in groups.items()
    ]


def set_modes(network: nn.Module, norms: Norms) -> None:
    """Put every module into training or evaluation mode, after what learns has been decided.

    A module drops channels only where all its parameters learn; a norm also needs to be allowed.
    `running` is the exception: all is in training mode.
    """
    network.train(norms == "running")
    if norms == "running":
        return
    for module in network.modules():
        own = list(module.parameters())
        if own and all(parameter.requires_grad for parameter in own):
            module.train()
    for module in network.modules():
        if norms == "frozen" and isinstance(module, _BATCH_NORMS):
            module.eval()


def has_dropout(network: nn.Module) -> bool:
    """Whether a forward pass draws from torch's own random numbers."""
    return any(
        module.training and module.p > 0
        for module in network.modules()
        if isinstance(module, _DROPOUTS)
    )


def published_parameters(network: Segmenter) -> dict[str, nn.Parameter]:
    """Every parameter under its published name, in the network's own order."""
    own = dict(network.named_parameters())
    names = zip(network.published_state(), network.state_dict(), strict=True)
    return {published: own[name] for published, name in names if name in own}


def _refuse_unknown(prefixes: Iterable[str], names: Collection[str], what: str) -> None:
    for prefix in prefixes:
        if not any(has_prefix(name, (prefix,)) for name in names):
            raise ValueError(
                f"need published prefixes of parameters as {what}, got {prefix!r}; this network "
                f"has {grouped(names)}"
            )


def _factor(name: str, stage: StageConfig) -> float:
    for prefix, factor in stage.rate_factors:
        if has_prefix(name, (prefix,)):
            return factor
    return 1.0


def _spared(network: nn.Module) -> set[Tensor]:
    return set(_own_parameters(network))


def _own_parameters(network: nn.Module) -> Iterator[nn.Parameter]:
    for module in network.modules():
        if isinstance(module, _SPARED):
            yield from module.parameters(recurse=False)
