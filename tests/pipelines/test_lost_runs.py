"""Runs that died with their servers are asked for again, once, and no others are."""

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.events import JobFailureData, RunFailureReason
from dagster._core.execution.plan.objects import StepFailureData
from dagster._core.utils import make_new_run_id

from pipelines.definitions import build_definitions
from pipelines.lost_runs import MAX_RELAUNCHES, PARENT_TAG, RELAUNCH_TAG
from pipelines.settings import Settings

# Dagster's own tags of a partition with two dimensions.
pytestmark = pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")

JOB = dg.GraphDefinition("generate").to_job()
ON_ASSETS = dg.GraphDefinition("__ASSET_JOB").to_job()
OTHER = dg.GraphDefinition("demo").to_job()
PARTITION = {
    "dagster/partition": "oslo|round-1",
    "dagster/partition/city": "oslo",
    "dagster/partition/round": "round-1",
}


@pytest.fixture(scope="module")
def repository():
    return build_definitions(Settings()).get_repository_def()


@pytest.fixture
def instance(monkeypatch):
    monkeypatch.setattr("pipelines.lost_runs.PATIENCE_S", -5.0)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("city", ["oslo"])
        instance.add_dynamic_partitions("round", ["round-1"])
        yield instance


@pytest.fixture
def asked(instance, repository):
    """Evaluate a sensor as the code server does; its requests."""

    def asked(sensor="lost_runs"):
        with (
            partition_loading_context(dynamic_partitions_store=instance),
            dg.build_sensor_context(instance=instance, repository_def=repository) as context,
        ):
            return repository.get_sensor_def(sensor).evaluate_tick(context).run_requests

    return asked


def died(instance, job=JOB, assets=(), **tags):
    run = launched(instance, job, assets, **tags)
    instance.report_run_failed(run, "its process is gone")
    return run


def launched(instance, job=JOB, assets=(), **tags):
    """A run of a job of the name; of some assets, if any are named, as the UI launches them."""
    run = instance.create_run_for_job(job, tags={**PARTITION, **tags})
    if not assets:
        return run
    some = run._replace(
        run_id=make_new_run_id(), asset_selection=frozenset(map(dg.AssetKey, assets))
    )
    instance.delete_run(run.run_id)
    return instance.run_storage.add_run(some)


def fail_a_step(instance, run):
    event = dg.DagsterEvent(
        dg.DagsterEventType.STEP_FAILURE.value,
        run.job_name,
        step_key="labelled_scenes",
        event_specific_data=StepFailureData(error=None, user_failure_data=None),
    )
    instance.report_dagster_event(event, run.run_id)


def test_a_run_that_nobody_took_up_is_asked_for_with_its_partition(instance, asked):
    run = died(instance)
    (request,) = asked()
    assert request.run_key == run.run_id
    assert (request.job_name, request.partition_key) == ("generate", "oslo|round-1")
    assert request.tags[PARENT_TAG] == run.run_id
    assert request.tags[RELAUNCH_TAG] == "1"


def test_a_run_that_was_retried_is_left(instance, asked):
    run = died(instance)
    instance.create_run_for_job(JOB, tags={PARENT_TAG: run.run_id})
    assert asked() == []


def test_a_run_that_somebody_launched_again_is_left(instance, asked):
    died(instance)
    instance.create_run_for_job(JOB, tags={"dagster/partition": "oslo|round-1"})
    assert asked() == []


def test_dagster_has_time_to_retry_it_first(instance, asked, monkeypatch):
    died(instance)
    monkeypatch.setattr("pipelines.lost_runs.PATIENCE_S", 60.0)
    assert asked() == []


def test_a_run_that_failed_by_a_step_is_left(instance, asked):
    run = launched(instance)
    fail_a_step(instance, run)
    why = JobFailureData(error=None, failure_reason=RunFailureReason.STEP_FAILURE)
    instance.report_run_failed(run, "Steps failed", why)
    assert asked() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_step_that_fails_as_an_orphan_is_not_the_end_of_its_run(instance, asked, when):
    run = launched(instance)
    if when == "before":
        fail_a_step(instance, run)
    instance.report_run_failed(run, "its process is gone")
    if when == "after":
        fail_a_step(instance, run)
    (request,) = asked()
    assert request.run_key == run.run_id


@pytest.mark.parametrize("name", ["observe_data", "calibrate_detector", "import_scenes"])
def test_runs_of_every_job_of_assets_are_asked_for(instance, asked, name):
    died(instance, dg.GraphDefinition(name).to_job())
    (request,) = asked()
    assert request.job_name == name


def test_what_was_materialized_on_assets_is_asked_for_as_it_was(instance, asked):
    run = died(instance, ON_ASSETS, ["labelled_scenes"], **{"lab/who": "me"})
    assert asked() == [], "the other sensor asks for it"
    (request,) = asked("lost_materializations")
    assert (request.run_key, request.job_name) == (run.run_id, "__ASSET_JOB")
    assert request.asset_selection == [dg.AssetKey("labelled_scenes")]
    assert request.partition_key == "oslo|round-1"
    assert {**PARTITION, "lab/who": "me", PARENT_TAG: run.run_id}.items() <= request.tags.items()


def test_a_part_of_a_job_is_asked_for_as_a_part(instance, asked):
    died(instance, JOB, ["labelled_scenes"])
    (request,) = asked()
    assert request.job_name == "generate"
    assert request.asset_selection == [dg.AssetKey("labelled_scenes")]


def test_what_somebody_made_since_in_another_way_is_not_overwritten(instance, asked):
    died(instance)
    launched(instance, ON_ASSETS, ["labelled_scenes"])
    assert asked() == []


def test_other_assets_of_the_partition_take_nothing_up(instance, asked):
    died(instance, ON_ASSETS, ["labelled_scenes"])
    launched(instance, ON_ASSETS, ["scene_requests"])
    assert len(asked("lost_materializations")) == 1


def test_an_observation_on_assets_is_asked_for(instance, asked):
    died(instance, ON_ASSETS, ["coco"])
    assert len(asked("lost_materializations")) == 1


def test_runs_that_were_stopped_succeeded_or_are_of_other_jobs_are_left(instance, asked):
    stopped = instance.create_run_for_job(JOB)
    instance.report_run_canceled(stopped)
    instance.create_run_for_job(JOB)
    died(instance, OTHER)
    assert asked() == []


def test_it_gives_up_in_the_end(instance, asked):
    died(instance, **{RELAUNCH_TAG: str(MAX_RELAUNCHES - 1)})
    (request,) = asked()
    died(instance, **{RELAUNCH_TAG: request.tags[RELAUNCH_TAG]})
    assert asked() == []
