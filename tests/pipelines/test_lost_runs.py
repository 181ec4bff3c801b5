"""Runs that died with their servers are asked for again, once, and no others are."""

import dagster as dg
import pytest
from dagster._core.execution.plan.objects import StepFailureData

from pipelines.lost_runs import MAX_RELAUNCHES, PARENT_TAG, RELAUNCH_TAG, lost_runs

JOB = dg.GraphDefinition("generate").to_job()
OTHER = dg.GraphDefinition("demo").to_job()


@pytest.fixture
def instance(monkeypatch):
    monkeypatch.setattr("pipelines.lost_runs.PATIENCE_S", -5.0)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def died(instance, job=JOB, **tags):
    run = instance.create_run_for_job(job, tags={"dagster/partition": "oslo|round-1", **tags})
    instance.report_run_failed(run, "its process is gone")
    return run


def asked(instance):
    context = dg.build_sensor_context(instance)
    return [found for found in lost_runs(context) if isinstance(found, dg.RunRequest)]


def test_a_run_that_nobody_took_up_is_asked_for_with_its_partition(instance):
    run = died(instance)
    (request,) = asked(instance)
    assert request.run_key == run.run_id
    assert (request.job_name, request.partition_key) == ("generate", "oslo|round-1")
    assert request.tags[PARENT_TAG] == run.run_id
    assert request.tags[RELAUNCH_TAG] == "1"


def test_a_run_that_was_retried_is_left(instance):
    run = died(instance)
    instance.create_run_for_job(JOB, tags={PARENT_TAG: run.run_id})
    assert asked(instance) == []


def test_a_run_that_somebody_launched_again_is_left(instance):
    died(instance)
    instance.create_run_for_job(JOB, tags={"dagster/partition": "oslo|round-1"})
    assert asked(instance) == []


def test_dagster_has_time_to_retry_it_first(instance, monkeypatch):
    died(instance)
    monkeypatch.setattr("pipelines.lost_runs.PATIENCE_S", 60.0)
    assert asked(instance) == []


def test_a_run_with_a_failed_step_is_left(instance):
    run = died(instance)
    event = dg.DagsterEvent(
        dg.DagsterEventType.STEP_FAILURE.value,
        "generate",
        step_key="labelled_scenes",
        event_specific_data=StepFailureData(error=None, user_failure_data=None),
    )
    instance.report_dagster_event(event, run.run_id)
    assert asked(instance) == []


def test_runs_that_were_stopped_succeeded_or_are_of_other_jobs_are_left(instance):
    stopped = instance.create_run_for_job(JOB)
    instance.report_run_canceled(stopped)
    instance.create_run_for_job(JOB)
    died(instance, OTHER)
    assert asked(instance) == []


def test_it_gives_up_in_the_end(instance):
    died(instance, **{RELAUNCH_TAG: str(MAX_RELAUNCHES - 1)})
    (request,) = asked(instance)
    died(instance, **{RELAUNCH_TAG: request.tags[RELAUNCH_TAG]})
    assert asked(instance) == []
