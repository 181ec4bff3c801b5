"""How a segmenter is trained: its stages, as values that a checkpoint can carry.

The published numbers stand in `models.training.published`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from models.losses.mask2former import Mask2FormerLossConfig
from models.losses.settings import ContrastiveConfig
from models.segmentation.architectures import check_architecture
from models.training.later_fields import with_defaults, without_defaults
from models.training.ood_source import OodSource, has_masks, ood_layer_of
from models.training_data import PairTransformConfig

Norms = Literal["frozen", "trained", "running"]


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """One stage: what learns in it, how fast and for how long.

    Attributes:
        trainable: published prefixes of the parameters that learn; all others keep every bit.
        n_epochs: passes over the training set.
        optimizer: of torch. Adam adds the decay to the gradient, AdamW takes it off the weight.
        learning_rate: the same from the first step to the last, as published.
        rate_factors: (published prefix, factor of the learning rate) of parts that learn slower.
        weight_decay: of the optimizer.
        is_decay_selective: whether norms and embeddings are spared the decay.
        max_gradient_norm: longer gradients are cut to it, over all that learns; None cuts none.
        norms: whether batch norms gather statistics. `frozen`: none does, also where its scale and
            shift learn, so that a batch never normalizes itself. `trained`: only those of trained
            modules. `running`: all, and all dropout drops, as the released DeepLab training has it
            in both stages.
        mask_loss: Mask2Former's own criterion, beside the loss of pairs; None without.
    """

    trainable: tuple[str, ...]
    n_epochs: int
    learning_rate: float
    optimizer: Literal["adam", "adamw"] = "adam"
    rate_factors: tuple[tuple[str, float], ...] = ()
    weight_decay: float = 0.0
    is_decay_selective: bool = False
    max_gradient_norm: float | None = None
    norms: Norms = "frozen"
    mask_loss: Mask2FormerLossConfig | None = None

    def __post_init__(self) -> None:
        """Refuse a stage in which nothing can be learned.

        Raises:
            ValueError: if nothing learns, or a number lies outside its range.
        """
        if not self.trainable or "" in self.trainable:
            raise ValueError(f"need published prefixes as trainable, got {self.trainable!r}")
        _refuse_below_one(n_epochs=self.n_epochs)
        factors = {f"rate factor of {prefix}": factor for prefix, factor in self.rate_factors}
        clip = {} if self.max_gradient_norm is None else {"gradient norm": self.max_gradient_norm}
        for name, number in {"learning_rate": self.learning_rate, **factors, **clip}.items():
            if not (isfinite(number) and number > 0):
                raise ValueError(f"need a positive {name}, got {number}")
        if not (isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ValueError(f"need a weight_decay of 0 or more, got {self.weight_decay}")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """A whole training.

    Attributes:
        architecture: one of `models.segmentation.ARCHITECTURES`.
        stages: in their order; every stage begins with a fresh optimizer.
        loss: of the loss of pairs.
        transform: of the pairs; its crop is the size of the images.
        batch_size: pairs a batch of one process; a batch holds twice as many images.
        n_accumulated: batches a step. The gradient of a step is the mean of those of its batches.
        is_mixed: bfloat16 autocast of the network; the losses are computed in float32.
        is_channels_last: whether weights and images lie channel by channel last, which GPUs like.
        seed: of all that training draws.
        ood_source: what the loss takes the OOD score from: the layer of its own, or the class
            logits. With logits no stage may name that layer, and no stage is left for it alone;
            DeepLab's score then learns through the features below its fixed class layer,
            Mask2Former's through its class layer too. See `models.training.published.without_head`.
    """

    architecture: str
    stages: tuple[StageConfig, ...]
    loss: ContrastiveConfig
    transform: PairTransformConfig
    batch_size: int = 8
    n_accumulated: int = 1
    is_mixed: bool = True
    is_channels_last: bool = True
    seed: int = 0
    ood_source: OodSource = "head"

    def __post_init__(self) -> None:
        """Refuse a training that cannot begin.

        Raises:
            ValueError: if no network has this name, there is no stage, a number is too small, a
                stage asks for masks of a network that has none, or it names an OOD layer that
                cannot learn.
        """
        check_architecture(self.architecture)
        if not self.stages:
            raise ValueError("need one stage or more, got none")
        _refuse_below_one(batch_size=self.batch_size, n_accumulated=self.n_accumulated)
        if not has_masks(self.architecture) and any(stage.mask_loss for stage in self.stages):
            raise ValueError(f"need a network with masks for mask_loss, got {self.architecture}")
        if self.ood_source == "logits":
            self._refuse_ood_layer()

    def _refuse_ood_layer(self) -> None:
        layer = ood_layer_of(self.architecture)
        for number, stage in enumerate(self.stages):
            if layer in stage.trainable:
                raise ValueError(
                    f"need stages without {layer} where ood_source is 'logits', since no loss "
                    f"reads that layer, got it in stage {number}; leave it out, and a stage of it "
                    "alone as a whole"
                )

    @property
    def n_epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.n_epochs for stage in self.stages)

    def stage_at(self, epoch: int) -> int:
        """Index of the stage that an epoch belongs to; epochs count from 0 through all stages.

        Raises:
            ValueError: if it is before the first; after the last one it is the last stage's.
        """
        if epoch < 0:
            raise ValueError(f"need an epoch of 0 or more, got {epoch}")
        ends = [sum(s.n_epochs for s in self.stages[:n]) for n in range(1, len(self.stages))]
        return sum(epoch >= end for end in ends)

    def to_json(self) -> dict[str, Any]:
        """The configuration as JSON has it: objects, lists, numbers, texts, booleans, null.

        Fields that configurations gained later are left out where they have their default.
        """
        return without_defaults(_ADAPTER.dump_python(self, mode="json"))


_ADAPTER: TypeAdapter[TrainingConfig] = TypeAdapter(TrainingConfig)


def config_from_json(plain: Mapping[str, Any]) -> TrainingConfig:
    """The configuration that `TrainingConfig.to_json` gave, in this version of the code or before.

    Raises:
        ValueError: naming the first field that is missing, unknown or of no use.
    """
    try:
        config = _ADAPTER.validate_python(dict(plain))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the whole"
        raise ValueError(f"need a training configuration, got at {field}: {first['msg']}") from None
    whole = _ADAPTER.dump_python(config, mode="json")
    difference = first_difference(whole, with_defaults(plain, whole))
    if difference:
        raise ValueError(
            f"need a training configuration of this version of the code, got {difference}"
        )
    return config


def first_difference(needed: Any, found: Any, field: str = "") -> str:
    """Where two JSON values differ first, in words; empty where they are equal."""
    if isinstance(needed, Mapping) and isinstance(found, Mapping):
        for key in [*needed, *(key for key in found if key not in needed)]:
            name = f"{field}.{key}" if field else str(key)
            if key not in found:
                return f"no {name}"
            if key not in needed:
                return f"an unknown {name}"
            inner = first_difference(needed[key], found[key], name)
            if inner:
                return inner
        return ""
    if isinstance(needed, list) and isinstance(found, list) and len(needed) == len(found):
        inners = (first_difference(*both, f"{field}.{i}") for i, both in _numbered(needed, found))
        return next((inner for inner in inners if inner), "")
    return "" if needed == found else f"{field} {found!r} where {needed!r} is needed"


def _numbered(first: list[Any], second: list[Any]) -> enumerate[tuple[Any, Any]]:
    return enumerate(zip(first, second, strict=True))


def _refuse_below_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"need {name} of 1 or more, got {number}")
