"""Stage `experiment`: what the trained networks of a plan measure on a world of benchmarks."""

from pathlib import Path

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import GPU_POOL, RESUMES
from assets.experiment.checks import RESULT_CHECKS, check_shares
from assets.experiment.config import ResultsConfig
from assets.experiment.names import (
    RESULTS,
    RESULTS_CODE,
    TRIALS,
    measured_worlds,
    plan_and_world,
)
from assets.experiment.plans import read_named_plan
from assets.experiment.results import (
    commit_results,
    plan_results,
    refuse_second_report,
    results_of,
)
from assets.experiment.showing import describe_results
from assets.experiment.worlds import render_benchmarks
from assets.failures import bad_input_fails_once
from assets.lineage import version_to_read
from assets.resources import ManifestStore
from assets.schema_metadata import table_metadata
from assets.segmenters.config import TrainingPlace
from storage.experiment_records import ExperimentResult

_SECONDS_A_MINUTE = 60
_WORLDS = "experiment-worlds"


@dg.asset(
    name=RESULTS,
    deps=[TRIALS],  # by the dimension that both have
    partitions_def=measured_worlds,
    check_specs=RESULT_CHECKS,
    group_name="experiment",
    kinds={"pytorch"},
    owners=["team:data"],
    code_version=RESULTS_CODE,
    metadata=table_metadata(RESULTS, ExperimentResult),
    retry_policy=RESUMES,
    pool=GPU_POOL,
)
def experiment_results(
    context: dg.AssetExecutionContext,
    config: ResultsConfig,
    store: ManifestStore,
    engine: Engine,
    training_place: TrainingPlace,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """Every number of every trial on all benchmarks of a world, and the claims that rest on them.

    The world is rendered first, if it is not there. That of the report is scored under one plan:
    another one is refused unless the run says so, and every plan that was scored is counted.
    """
    with bad_input_fails_once():
        opened = store.open()
        name, world = plan_and_world(_keys(context))
        plan = read_named_plan(name, config.plan)
        refuse_second_report(plan, world, opened, is_remeasured=config.is_remeasured)
        version_to_read(TRIALS, plan.name, opened)  # before a world is rendered for nothing
        root = config.worlds_root or training_place.folder / _WORLDS
        order = plan_results(
            plan,
            render_benchmarks(plan, world, Path(root), engine),
            store,
            device=training_place.device,
            max_seconds=config.max_minutes * _SECONDS_A_MINUTE,
        )
        version = commit_results(order, opened, engine, run_id=context.run.run_id, log=context.log)
        rows = results_of(version, opened)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_results(version, rows, plan),
            check_results=[check_shares(rows.results)],
        )


def _keys(context: dg.AssetExecutionContext) -> dict[str, str]:
    key = context.partition_key
    if not isinstance(key, dg.MultiPartitionKey):
        raise ValueError(f"need a partition of experiment and world, got {key!r}")
    return dict(key.keys_by_dimension)
