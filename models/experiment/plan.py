"""What a plan of an experiment says: data, arms, networks, seeds and claims. Values, no files.

An arm is one way to make training data and to train on them; a trial is an arm under one seed,
which sets first weights, order of the data and the round that is generated.
"""

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)

Tree = dict[str, Any]
"""Fields of a configuration that are to be others, as a tree."""

Metric = Literal["ap", "fpr95", "auroc", "f1_star", "mean_iou", "mean_class_accuracy"]

HIGHER_IS_BETTER: dict[Metric, bool] = {
    "ap": True,
    "fpr95": False,
    "auroc": True,
    "f1_star": True,
    "mean_iou": True,
    "mean_class_accuracy": True,
}


class WorldSize(BaseModel):
    """A miniature world that is rendered: `models.miniature.plan.plan_world` takes these."""

    model_config = _STRICT

    n_train: int = Field(ge=2)
    others_frac: float = Field(1.0, gt=0)
    seed: int = Field(ge=0)


class Worlds(BaseModel):
    """The world that is learned from, and those of the benchmarks.

    Whoever mends looks at the benchmarks of ``selection``; those of ``report`` are rendered when
    nothing is mended any more, and scored once.
    """

    model_config = _STRICT

    training: WorldSize
    selection: WorldSize
    report: WorldSize

    @model_validator(mode="after")
    def _differ(self) -> "Worlds":
        seeds = (self.training.seed, self.selection.seed, self.report.seed)
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"need three worlds of different seeds, got {seeds}")
        return self


class DataKind(BaseModel):
    """How the scenes of a round are made: configurations of the assets, without their seeds."""

    model_config = _STRICT

    requests: Tree = {}
    scenes: Tree = {}
    verdicts: Tree = {}
    labels: Tree = {}


class Arm(BaseModel):
    """One way to train.

    Attributes:
        title: what the page calls it.
        data: name of a kind of data; ``photographs`` for pairs of a photograph with itself; None
            for a network that only learned the known classes.
        n_variants: scenes of each frame that are learned from.
        settings: of the training, beside the architecture's own.
        score: name of the score that is measured; ``learned`` is that of the OOD layer, which
            without training is a copy of the class layer.
    """

    model_config = _STRICT

    title: str = Field(min_length=1)
    data: str | None = None
    n_variants: int = Field(1, ge=1, le=10)
    settings: Tree = {}
    score: str = "learned"

    @model_validator(mode="after")
    def _trains_on_something(self) -> "Arm":
        if self.data is None and (self.settings or self.n_variants > 1):
            raise ValueError("an arm without data has no settings and no variants")
        return self


class Network(BaseModel):
    """How one architecture is trained in all of its arms.

    Attributes:
        closed_set: configuration of the training on the known classes.
        settings: of the second training; an arm's own come on top.
        arms: that are run with it; all if empty.
        overrides: further settings of single arms, on top of the arm's own, where scores of this
            network have another scale.
        seconds: of one trial on the card that the plan names, as measured; for the estimate.
    """

    model_config = _STRICT

    closed_set: Tree = {}
    settings: Tree = {}
    arms: tuple[str, ...] = Field((), strict=False)
    overrides: dict[str, Tree] = {}
    seconds: float = Field(gt=0)


class Headline(BaseModel):
    """The family of claims: one arm against others, in each metric.

    Attributes:
        architecture: of the claims.
        arm: that is claimed to be better.
        against: those it is compared with.
        metrics: of the claims.
        unknown: benchmarks over which AP and FPR95 are averaged.
        shifted: benchmarks over which mIoU is averaged.
    """

    model_config = _STRICT

    architecture: str
    arm: str
    against: tuple[str, ...] = Field(strict=False, min_length=1)
    metrics: tuple[Metric, ...] = Field(strict=False, min_length=1)
    unknown: tuple[str, ...] = Field(strict=False, min_length=1)
    shifted: tuple[str, ...] = Field(strict=False, min_length=1)

    def benchmarks_of(self, metric: Metric) -> tuple[str, ...]:
        """Benchmarks that a metric is averaged over."""
        return self.shifted if metric in ("mean_iou", "mean_class_accuracy") else self.unknown


class Plan(BaseModel):
    """A whole experiment, written down before it is run."""

    model_config = _STRICT

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,23}$")
    worlds: Worlds
    n_seeds: int = Field(ge=2, le=100)
    data: dict[str, DataKind]
    arms: dict[str, Arm] = Field(min_length=1)
    networks: dict[str, Network] = Field(min_length=1)
    headline: Headline
    n_at_once: int = Field(1, ge=1, description="Trials that share a card.")

    @model_validator(mode="after")
    def _names_what_it_has(self) -> "Plan":
        for name, arm in self.arms.items():
            _require(f"data of the arm {name}", arm.data, {None, PHOTOGRAPHS, *self.data})
        for architecture, network in self.networks.items():
            for name in (*network.arms, *network.overrides):
                _require(f"arm of {architecture}", name, set(self.arms))
        line = self.headline
        _require("architecture of the headline", line.architecture, set(self.networks))
        for name in (line.arm, *line.against):
            _require("arm of the headline", name, set(self.arms_of(line.architecture)))
        return self

    @property
    def digest(self) -> str:
        """Hexadecimal digest of all that it says: two plans that differ have two."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def arms_of(self, architecture: str) -> tuple[str, ...]:
        """Names of the arms that an architecture is trained in, in the order of the plan."""
        chosen = self.networks[architecture].arms
        return tuple(name for name in self.arms if not chosen or name in chosen)

    def settings_of(self, architecture: str, arm: str) -> Tree:
        """Settings of the second training: the network's, the arm's, then those of both."""
        network = self.networks[architecture]
        settings = merged(network.settings, self.arms[arm].settings)
        return merged(settings, network.overrides.get(arm, {}))

    def trials(self) -> tuple["Trial", ...]:
        """All trials: seed by seed, so that a part of them is a fair comparison."""
        return tuple(
            Trial(architecture=architecture, arm=arm, seed=seed)
            for seed in range(self.n_seeds)
            for architecture in self.networks
            for arm in self.arms_of(architecture)
        )

    def n_variants_of(self, data: str) -> int:
        """Most scenes of a frame that some arm needs of a kind of data."""
        return max(arm.n_variants for arm in self.arms.values() if arm.data == data)

    def minutes(self) -> float:
        """Minutes of the card that the trainings take, by the seconds that the plan states."""
        seconds = sum(self.networks[trial.architecture].seconds for trial in self.trials())
        return seconds / self.n_at_once / 60


PHOTOGRAPHS = "photographs"
"""Stands as an arm's data for pairs of a photograph with itself."""


class Trial(BaseModel):
    """One arm of one architecture under one seed."""

    model_config = _STRICT

    architecture: str
    arm: str
    seed: int

    @property
    def key(self) -> str:
        """Name of the trial, unique within its plan."""
        return f"{self.architecture}/{self.arm}/{self.seed}"


def merged(base: Tree, over: Tree) -> Tree:
    """The first tree with the fields of the second one in their place; lists are replaced whole."""
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        result[key] = merged(known, value) if both else value  # type: ignore[arg-type]
    return result


def _require(what: str, name: str | None, known: set[str] | set[str | None]) -> None:
    if name not in known:
        names = ", ".join(sorted(str(one) for one in known if one is not None))
        raise ValueError(f"need as {what} one of {names}, got {name!r}")
