"""Runs that nobody would take up again: those that died with the servers that watch over runs.

Dagster retries a run whose process died as long as the code server answers at that moment. If it is
just starting again, the retry is given up (*Failed to retry run*), and the partition would stay
undone. These sensors look for such runs and ask for them once more, as they were asked for.
"""

import time
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.events import RunFailureReason
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG, TAGS_TO_MAYBE_OMIT_ON_RETRY

from assets.decisions import decisions
from assets.sources import sources
from pipelines.jobs import (
    build_bank,
    calibrate_detector,
    evaluate,
    generate,
    import_scenes,
    label_scenes,
    measure_experiment,
    observe_data,
    request_scenes,
    select_training_set,
    train,
    train_closed_set,
    train_experiment,
)

JOBS = (
    *(observe_data, build_bank, calibrate_detector, request_scenes, generate),
    *(label_scenes, import_scenes, select_training_set, train_closed_set, train, evaluate),
    *(train_experiment, measure_experiment),
)
"""All jobs of assets; the others have one op, are begun by a person, and the demo's command
outlives its run."""

PATIENCE_S = 90.0
"""Time that Dagster's own retry is given."""

AGE = timedelta(days=1)
"""Runs that died earlier are left to people."""

MAX_RELAUNCHES = 5
RELAUNCH_TAG = "multishift/relaunch"
"""How often a run was asked for by this sensor."""

PARENT_TAG, ROOT_TAG = "dagster/parent_run_id", "dagster/root_run_id"
PARTITION_TAG = "dagster/partition"

_Ticked = Iterator[dg.RunRequest | dg.SkipReason]


@dg.sensor(
    jobs=JOBS,
    minimum_interval_seconds=60,
    description="Ask again for runs that died with their servers and that Dagster did not retry. "
    "Runs that failed by a step, and runs that somebody stopped, are left as they are.",
)
def lost_runs(context: dg.SensorEvaluationContext) -> _Ticked:
    """One request for each lost run of a job; its key keeps it from being asked for twice."""
    return _ask_again(context, {job.name for job in JOBS})


@dg.sensor(
    # A sensor has either jobs or assets; `all` are those that can be materialized.
    asset_selection=dg.AssetSelection.all() | dg.AssetSelection.assets(sources, decisions),
    minimum_interval_seconds=60,
    description="The same as lost_runs for what was materialized on assets, without a job.",
)
def lost_materializations(context: dg.SensorEvaluationContext) -> _Ticked:
    """One request for each lost run that somebody launched on assets."""
    return _ask_again(context, {IMPLICIT_ASSET_JOB_NAME})


def _ask_again(context: dg.SensorEvaluationContext, names: Set[str]) -> _Ticked:
    lost = find_lost(context.instance, names, _assets_by(context.repository_def))
    if not lost:
        yield dg.SkipReason("no run was lost")
    for run in lost:
        yield _request(run)


def _request(run: dg.DagsterRun) -> dg.RunRequest:
    """The run once more: its assets, its partition, its configuration, and people's tags."""
    kept = {k: text for k, text in run.tags.items() if k not in TAGS_TO_MAYBE_OMIT_ON_RETRY}
    relaunches = int(run.tags.get(RELAUNCH_TAG, "0")) + 1
    assets, checks = run.asset_selection, run.asset_check_selection
    return dg.RunRequest(
        run_key=run.run_id,
        job_name=run.job_name,
        partition_key=run.tags.get(PARTITION_TAG),
        run_config=run.run_config,
        asset_selection=None if assets is None else list(assets),
        asset_check_keys=None if checks is None else list(checks),
        tags={
            **kept,
            PARENT_TAG: run.run_id,
            ROOT_TAG: run.root_run_id or run.run_id,
            RELAUNCH_TAG: str(relaunches),
        },
    )


AssetsOf = Callable[[dg.DagsterRun], Set[dg.AssetKey]]


def find_lost(
    instance: dg.DagsterInstance, names: Set[str], assets_of: AssetsOf
) -> list[dg.DagsterRun]:
    """Runs of the named jobs that died, not by a failed step, and that no other run took up."""
    records = instance.get_run_records(dg.RunsFilter(updated_after=datetime.now(UTC) - AGE))
    taken_up = {record.dagster_run.tags.get(PARENT_TAG) for record in records}
    newest = _newest([record.dagster_run for record in records], assets_of)
    return [
        record.dagster_run
        for record in records
        if record.dagster_run.job_name in names
        and _is_dead(record)
        and record.dagster_run.run_id not in taken_up
        and record.dagster_run.run_id in newest
    ]


def _newest(runs: Sequence[dg.DagsterRun], assets_of: AssetsOf) -> set[str]:
    """Runs whose work no later one was asked for, not even in part; runs come newest first.

    An older one is no loss: somebody has asked for the same since, perhaps configured otherwise.
    """
    found, seen = set(), set[tuple[str, str | None]]()
    for run in runs:
        names = {key.to_user_string() for key in assets_of(run)} or {run.job_name}
        work = {(name, run.tags.get(PARTITION_TAG)) for name in names}
        if work.isdisjoint(seen):
            found.add(run.run_id)
        seen |= work
    return found


def _assets_by(repository: dg.RepositoryDefinition | None) -> AssetsOf:
    """Tells what a run makes: the assets it was launched on, or else all of its job."""

    def assets_of(run: dg.DagsterRun) -> Set[dg.AssetKey]:
        if run.asset_selection is not None:
            return run.asset_selection
        if repository is None or not repository.has_job(run.job_name):
            return frozenset()
        return repository.get_job(run.job_name).asset_layer.selected_asset_keys

    return assets_of


def _is_dead(record: dg.RunRecord) -> bool:
    """Whether a run died by itself; a step that an orphan of it lets fail later does not count."""
    run = record.dagster_run
    return (
        run.status is dg.DagsterRunStatus.FAILURE
        and run.tags.get(RUN_FAILURE_REASON_TAG) != RunFailureReason.STEP_FAILURE.value
        and time.time() - (record.end_time or 0.0) >= PATIENCE_S
        and int(run.tags.get(RELAUNCH_TAG, "0")) < MAX_RELAUNCHES
    )
