"""The first half of `multishift experiment`: scenes of every kind of data and seed, as rounds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import ValidationError
from upath import UPath

from assets.experiment.names import round_name, training_set_name
from assets.filtering.config import FilterConfig
from assets.labelling.config import LabelConfig
from assets.partitions import ScenePartition, open_round, train_cities
from assets.scenes.config import SceneRequestsConfig
from assets.selecting.names import register_selection
from assets.synthesis.config import SynthesisConfig
from models.experiment.plan import DataKind, Plan, merged
from pipelines.commands.console import err
from pipelines.commands.experiment_choice import Choice
from pipelines.commands.runs import run_job
from pipelines.settings import Settings
from storage.atomic import write_atomically

_OPS = {
    "requests": "scene_requests",
    "scenes": "synthetic_scenes",
    "verdicts": "filtered_scenes",
    "labels": "labelled_scenes",
}


_CONFIGS: dict[str, type[dg.Config]] = {
    "requests": SceneRequestsConfig,
    "scenes": SynthesisConfig,
    "verdicts": FilterConfig,
    "labels": LabelConfig,
}


def make_scenes(plan: Plan, choice: Choice, settings: Settings) -> bool:
    """Draw, judge and label what the chosen trials learn from; true if all runs did well.

    A partition that is there for the same configuration is not drawn again.
    """
    for data, seed in choice.rounds(plan):
        if not _draw_round(plan, data, seed, settings):
            return False
    return all(_select(plan, *wanted, settings) for wanted in choice.selections(plan))


def _draw_round(plan: Plan, data: str, seed: int, settings: Settings) -> bool:
    root, key = Path(settings.data_root), round_name(plan.name, data, seed)
    with dg.DagsterInstance.get() as instance:
        open_round(instance, root, key)
    config = scene_config(plan.data[data], n_variants=plan.n_variants_of(data))
    for city in train_cities(root):
        err.print(f"Dagster job [bold]generate[/], {city}, {key}", highlight=False)
        partition = ScenePartition(round=key, city=city).key
        if not run_job("generate", partition_key=partition, run_config=config):
            return False
    return True


def scene_config(kind: DataKind, *, n_variants: int) -> dict[str, Any]:
    """Run configuration of a partition of this kind of data."""
    wished = merged({"requests": {"n_variants": n_variants}}, kind.model_dump())
    return {"ops": {op: {"config": wished[field]} for field, op in _OPS.items()}}


def refuse_unusable_data(plan: Plan) -> None:
    """Let pass a plan whose kinds of data are configurations of the assets.

    Raises:
        ValueError: naming kind, field, and what is expected.
    """
    for name, kind in plan.data.items():
        for field, config_type in _CONFIGS.items():
            try:
                config_type.model_validate(getattr(kind, field))
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(map(str, ("data", name, field, *first["loc"])))
                raise ValueError(
                    f"plan {plan.name}: {place}: {first['msg']}, got {first['input']!r}; correct "
                    "the plan"
                ) from None


def _select(plan: Plan, data: str, n_variants: int, seed: int, settings: Settings) -> bool:
    name = training_set_name(plan.name, data, seed, n_variants)
    file = Path(settings.selections_root) / f"{name}.toml"
    write_atomically(UPath(file), selection_text(plan, data, n_variants, seed).encode())
    with dg.DagsterInstance.get() as instance:
        register_selection(instance, name)
    err.print(f"Dagster job [bold]select_training_set[/], {name}", highlight=False)
    return run_job("select_training_set", partition_key=name)


def selection_text(plan: Plan, data: str, n_variants: int, seed: int) -> str:
    """A selection file: the round of a seed, with so many scenes of each frame."""
    lines: Iterable[str] = (
        f"# Written by `multishift experiment` for its plan {plan.name}; it is written anew there.",
        f'rounds = ["{round_name(plan.name, data, seed)}"]',
        "",
        "[filters]",
        f"max_variants = {n_variants}",
    )
    return "\n".join(lines) + "\n"
