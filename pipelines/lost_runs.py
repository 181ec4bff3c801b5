"""Runs that nobody would take up again: those that died with the servers that watch over runs.

Dagster retries a run whose process died as long as the code server answers at that moment. If it is
just starting again, the retry is given up (*Failed to retry run*), and the partition would stay
undone. This sensor looks for such runs and asks for them once more.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import DagsterEventType

from pipelines.jobs import (
    build_bank,
    evaluate,
    generate,
    label_scenes,
    request_scenes,
    select_training_set,
    train,
    train_closed_set,
)

JOBS = (
    *(build_bank, request_scenes, generate, label_scenes),
    *(select_training_set, train_closed_set, train, evaluate),
)

PATIENCE_S = 90.0
"""Time that Dagster's own retry is given."""

AGE = timedelta(days=1)
"""Runs that died earlier are left to people."""

MAX_RELAUNCHES = 5
RELAUNCH_TAG = "multishift/relaunch"
"""How often a run was asked for by this sensor."""

PARENT_TAG, ROOT_TAG = "dagster/parent_run_id", "dagster/root_run_id"


@dg.sensor(
    jobs=JOBS,
    minimum_interval_seconds=60,
    description="Ask again for runs that died with their servers and that Dagster did not retry. "
    "Runs with a failed step, and runs that somebody stopped, are left as they are.",
)
def lost_runs(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One request for each lost run; its key keeps it from being asked for twice."""
    lost = find_lost(context.instance)
    if not lost:
        yield dg.SkipReason("no run was lost")
    for run in lost:
        number = int(run.tags.get(RELAUNCH_TAG, "0")) + 1
        yield dg.RunRequest(
            run_key=run.run_id,
            job_name=run.job_name,
            partition_key=run.tags.get("dagster/partition"),
            run_config=run.run_config,
            tags={
                PARENT_TAG: run.run_id,
                ROOT_TAG: run.root_run_id or run.run_id,
                RELAUNCH_TAG: str(number),
            },
        )


def find_lost(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Runs of `JOBS` that failed without a failed step, and that no other run took up."""
    recent = dg.RunsFilter(updated_after=datetime.now(UTC) - AGE)
    records = instance.get_run_records(recent)
    taken_up = {record.dagster_run.tags.get(PARENT_TAG) for record in records}
    newest = _newest(record.dagster_run for record in records)
    return [
        record.dagster_run
        for record in records
        if _is_dead(record)
        and record.dagster_run.run_id not in taken_up
        and record.dagster_run.run_id in newest
        and not _has_failed_step(instance, record.dagster_run)
    ]


def _newest(runs: Iterable[dg.DagsterRun]) -> set[str]:
    """The last run of each job and partition; runs come newest first.

    An older one is no loss: somebody has asked for the same since, perhaps configured otherwise.
    """
    found: dict[tuple[str, str | None], str] = {}
    for run in runs:
        found.setdefault((run.job_name, run.tags.get("dagster/partition")), run.run_id)
    return set(found.values())


def _is_dead(record: dg.RunRecord) -> bool:
    run = record.dagster_run
    return (
        run.status is dg.DagsterRunStatus.FAILURE
        and run.job_name in {job.name for job in JOBS}
        and time.time() - (record.end_time or 0.0) >= PATIENCE_S
        and int(run.tags.get(RELAUNCH_TAG, "0")) < MAX_RELAUNCHES
    )


def _has_failed_step(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    return bool(instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE))
