"""Where the experiment lies in the store, and what its parts are called: known without torch."""

from collections.abc import Mapping

import dagster as dg

from storage.experiment_records import REPORT_WORLD, SELECTION_WORLD

TRIALS = "experiment_trials"
RESULTS = "experiment_results"
CLAIMS = "experiment_claims"
"""Table beside `RESULTS`, in the same versions."""

TRIALS_CODE = "1"
"""Raise it when an equal plan and equal data give other weights."""

RESULTS_CODE = "1"
"""Raise it when equal weights and equal benchmarks give other numbers."""

MEASURED_PLANS = "measured_plans"
"""Provenance of a version of results: digests of all plans that were scored on this world, in the
order in which they came, separated by blanks."""

N_MEASUREMENTS = "n_measurements"
"""Provenance of a version of results: how often weights were scored on this world, run by run."""

WORLDS = (SELECTION_WORLD, REPORT_WORLD)

experiments = dg.DynamicPartitionsDefinition(name="experiment")
"""One partition a plan, by the plan's name."""

measured_worlds = dg.MultiPartitionsDefinition(
    {"experiment": experiments, "world": dg.StaticPartitionsDefinition(list(WORLDS))}
)
"""A plan times a world; in the store a partition is named as Dagster shows it, ``plan|world``."""


def register_experiment(instance: dg.DagsterInstance, plan: str) -> None:
    """Make a plan a partition; one that is there already stays as it is."""
    instance.add_dynamic_partitions(str(experiments.name), [plan])


def results_partition(plan: str, world: str) -> str:
    """Name of the partition of a plan's results on a world, in Dagster and in the store."""
    return str(dg.MultiPartitionKey({"experiment": plan, "world": world}))


def plan_and_world(keys: Mapping[str, str]) -> tuple[str, str]:
    """Name of the plan and of the world, of a partition by its dimensions."""
    return keys["experiment"], keys["world"]


def round_name(plan: str, data: str, seed: int) -> str:
    """Name of the round in which a kind of data is generated for a seed."""
    return f"exp-{plan}-{data}-{seed}"


def training_set_name(plan: str, data: str, seed: int, n_variants: int) -> str:
    """Name of the selection of so many scenes a frame of that round."""
    return f"{round_name(plan, data, seed)}-{n_variants}x"
