"""The clock opens rounds: a key a tick, a run a city, the same whenever a tick is evaluated."""

import errno
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.errors import ScheduleExecutionError

from assets.resources import DataRoot, ManifestStore
from pipelines.definitions import build_definitions
from pipelines.round_keys import round_key
from pipelines.run_configs import read_run_config
from pipelines.settings import Settings
from tests.assets.scenes.small_world import ROWS, commit_bank, write_frame

# Dagster's own tags of a partition with two dimensions.
pytestmark = pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CITIES = ("lisbon", "oslo")


@pytest.mark.parametrize(
    ("cron", "tick", "key"),
    [
        ("0 3 * * 1", MONDAY, "week-2026-48"),
        ("15 22 * * sun", datetime(2027, 1, 3, 22, 15, tzinfo=UTC), "week-2026-53"),
        ("@weekly", MONDAY, "week-2026-48"),
        ("0 3 * * *", MONDAY, "round-2026-11-23T0300"),
        ("0 3 * * 1,4", MONDAY, "round-2026-11-23T0300"),
        ("* * * * *", MONDAY, "round-2026-11-23T0300"),
    ],
)
def test_a_weekly_tick_is_named_by_its_week_and_others_by_their_minute(cron, tick, key):
    assert round_key(cron, tick) == key


def test_the_hour_that_summer_time_repeats_has_two_rounds():
    zone = ZoneInfo("Europe/Oslo")
    ticks = [datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold) for fold in (0, 1)]
    assert len({round_key("30 * * * *", tick) for tick in ticks}) == 2


@pytest.fixture
def evaluate(tmp_path, instance):
    """Evaluate a schedule of the definitions at a time."""
    resources = {
        "data": DataRoot(path=str(tmp_path / "data")),
        "store": ManifestStore(root=str(tmp_path / "store")),
    }

    def run(tick=MONDAY, name="weekly_round", **settings):
        definitions = build_definitions(Settings(**settings), resources=resources)
        repository = definitions.get_repository_def()
        with (
            partition_loading_context(dynamic_partitions_store=instance),
            dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=tick,
                repository_def=repository,
                resources=resources,
            ) as context,
        ):
            return repository.get_schedule_def(name).evaluate_tick(context)

    return run


@pytest.fixture
def instance(tmp_path):
    (tmp_path / "instance").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "instance")) as opened:
        yield opened


@pytest.fixture
def world(tmp_path):
    for city in CITIES:
        write_frame(tmp_path / "data", city, 0)
    commit_bank({"store": ManifestStore(root=str(tmp_path / "store"))}, ROWS)


def test_a_tick_opens_its_round_and_asks_for_every_city(evaluate, instance, world):
    told = evaluate()
    assert instance.get_dynamic_partitions("round") == ["week-2026-48"]
    assert set(instance.get_dynamic_partitions("city")) == set(CITIES)
    keys = [f"{city}|week-2026-48" for city in CITIES]
    assert [request.run_key for request in told.run_requests] == keys
    for request, key in zip(told.run_requests, keys, strict=True):
        assert request.tags["dagster/partition"] == key
        assert request.tags["multishift/round"] == "week-2026-48"
    again = evaluate()
    assert [request.run_key for request in again.run_requests] == keys
    assert instance.get_dynamic_partitions("round") == ["week-2026-48"]


def test_a_tick_every_minute_opens_a_round_a_minute(evaluate, instance, world):
    for minute in range(3):
        told = evaluate(MONDAY.replace(minute=minute), round_cron="* * * * *")
        assert len(told.run_requests) == 2
    assert len(instance.get_dynamic_partitions("round")) == 3


def test_runs_of_a_tick_are_configured_by_a_file(evaluate, world, tmp_path):
    config = {"ops": {"scene_requests": {"config": {"max_frames": 2}}}}
    path = tmp_path / "round.yaml"
    path.write_text("ops: {scene_requests: {config: {max_frames: 2}}}\n")
    told = evaluate(round_config=str(path))
    assert [request.run_config for request in told.run_requests] == [config, config]


@pytest.mark.parametrize("lost", ["data", "bank", "config"])
def test_what_is_missing_is_told_and_no_round_is_opened(evaluate, instance, tmp_path, lost):
    if lost != "data":
        write_frame(tmp_path / "data", "oslo", 0)
    if lost != "bank":
        commit_bank({"store": ManifestStore(root=str(tmp_path / "store"))}, ROWS)
    settings = {"round_config": str(tmp_path / "none.yaml")} if lost == "config" else {}
    told = evaluate(**settings)
    assert told.run_requests == []
    words = {"data": "MULTISHIFT_DATA_ROOT", "bank": "build_bank", "config": "none.yaml: need"}
    assert words[lost] in told.skip_message
    assert "week-2026-48 is not opened" in told.skip_message
    assert "\n" not in told.skip_message
    assert instance.get_dynamic_partitions("round") == []


@pytest.mark.parametrize("place", ["schedules.train_cities", "run_configs.Path.read_text"])
def test_trouble_that_may_pass_fails_the_tick_which_is_tried_again(
    evaluate, instance, world, tmp_path, monkeypatch, place
):
    config = tmp_path / "round.yaml"
    config.write_text("ops: {}\n")

    def fail(*_args, **_named):
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as troubled:
        troubled.setattr(f"pipelines.{place}", fail)
        with pytest.raises(ScheduleExecutionError):
            evaluate(round_config=str(config))
    assert instance.get_dynamic_partitions("round") == []
    assert len(evaluate().run_requests) == len(CITIES)


def test_nothing_runs_by_the_clock_before_it_is_switched_on():
    repository = build_definitions(Settings()).get_repository_def()
    assert {schedule.name for schedule in repository.schedule_defs} == {
        "weekly_round",
        "daily_observation",
    }
    assert {schedule.default_status.value for schedule in repository.schedule_defs} == {"STOPPED"}


def test_times_are_those_of_the_settings(evaluate):
    built = build_definitions(
        Settings(round_cron="5 4 * * 2", observation_cron="0 6 * * *", timezone="Europe/Oslo")
    ).get_repository_def()
    found = {
        item.name: (item.cron_schedule, item.execution_timezone) for item in built.schedule_defs
    }
    assert found == {
        "weekly_round": ("5 4 * * 2", "Europe/Oslo"),
        "daily_observation": ("0 6 * * *", "Europe/Oslo"),
    }


@pytest.mark.parametrize("content", ["ops: [", "- ops", "op: {}", b"\xff"])
def test_a_wrong_file_is_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "run.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=r"run\.yaml: need a run configuration") as error:
        read_run_config(str(path))
    assert "\n" not in str(error.value)


def test_no_file_means_the_defaults():
    assert read_run_config("") == {}
