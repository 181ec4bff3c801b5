"""Stage `experiment`: every training of a plan, arm by arm and seed by seed."""

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import GPU_POOL, RESUMES
from assets.experiment.checks import TRIAL_CHECKS, check_weights
from assets.experiment.committing import commit_trials, trials_of
from assets.experiment.config import TrialsConfig
from assets.experiment.names import TRIALS, TRIALS_CODE, experiments
from assets.experiment.order import plan_trials
from assets.experiment.plans import read_named_plan
from assets.experiment.showing import describe_trials
from assets.failures import bad_input_fails_once
from assets.resources import DataRoot, ManifestStore
from assets.schema_metadata import table_metadata
from assets.segmenters.config import TrainingPlace
from assets.segmenters.crops import BANK
from assets.selecting.samples import ASSET as TRAINING_SET
from storage.experiment_records import ExperimentTrial

_SECONDS_A_MINUTE = 60


@dg.asset(
    name=TRIALS,
    deps=[
        dg.AssetDep(TRAINING_SET, partition_mapping=dg.AllPartitionMapping()),
        BANK,
        "cityscapes",
    ],
    partitions_def=experiments,
    check_specs=TRIAL_CHECKS,
    group_name="experiment",
    kinds={"pytorch"},
    owners=["team:data"],
    code_version=TRIALS_CODE,
    metadata=table_metadata(TRIALS, ExperimentTrial),
    retry_policy=RESUMES,
    pool=GPU_POOL,
)
def experiment_trials(
    context: dg.AssetExecutionContext,
    config: TrialsConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
    training_place: TrainingPlace,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """The trained networks of an experiment: a row for every arm, network and seed of its plan.

    A version holds the trials of the plan as it is. What decides a trial is digested: a run trains
    what no version has, and a changed arm trains itself alone. Training sets are made before.
    """
    with bad_input_fails_once():
        opened = store.open()
        plan = read_named_plan(context.partition_key, config.plan)
        order = plan_trials(plan, config, data, store, device=training_place.device)
        context.log.info(
            "plan %s: %d of %d trials chosen", plan.digest[:16], len(order.wanted), len(order.items)
        )
        version = commit_trials(
            order,
            opened,
            engine,
            run_id=context.run.run_id,
            log=context.log,
            max_seconds=config.max_minutes * _SECONDS_A_MINUTE,
        )
        rows = trials_of(version, opened)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_trials(version, rows, plan),
            check_results=[check_weights(rows, opened.blobs)],
        )
