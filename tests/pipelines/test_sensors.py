"""Sensors ask for a run once for each change, and for nothing else."""

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context

from assets.object_bank.bank import ASSET as BANK
from assets.resources import DataRoot, ManifestStore
from assets.selecting.files import Selections
from assets.selecting.names import register_selection
from pipelines.asking import MAX_REQUESTS
from pipelines.definitions import build_definitions
from pipelines.settings import Settings
from storage.manifests.schemas import to_table
from storage.records import ClassCount, OodObject, Quarantined
from tests.assets.scenes.small_world import write_frame

SOURCES = {"ade20k": "a1", "coco": "absent"}
CITIES = ("lisbon", "oslo")


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as opened:
        opened.add_dynamic_partitions("city", CITIES)
        opened.add_dynamic_partitions("round", ["round-1", "round-2"])
        register_selection(opened, "default")
        yield opened


@pytest.fixture
def write(tmp_path, instance):
    """Write a selection file and register it."""

    def write(name, text):
        (tmp_path / f"{name}.toml").write_text(text)
        register_selection(instance, name)

    return write


@pytest.fixture
def tick(instance, tmp_path):
    """Evaluate a sensor with the cursor that its last tick left; there are frames of two cities."""
    cursors = {}
    for city in CITIES:
        write_frame(tmp_path / "data", city, 0)

    def evaluate(sensor, **settings):
        resources = {
            "selection_files": Selections(root=str(tmp_path)),
            "store": ManifestStore(root=str(tmp_path / "store")),
            "data": DataRoot(path=str(tmp_path / "data")),
        }
        definitions = build_definitions(Settings(**settings), resources=resources)
        repository = definitions.get_repository_def()
        with (
            partition_loading_context(dynamic_partitions_store=instance),
            dg.build_sensor_context(
                instance=instance,
                cursor=cursors.get(sensor),
                repository_def=repository,
                resources=resources,
            ) as context,
        ):
            told = repository.get_sensor_def(sensor).evaluate_tick(context)
        cursors[sensor] = told.cursor
        return told

    return evaluate


def materialize(instance, asset, partition, version="1"):
    key = partition
    if "|" in partition:
        city, name = partition.split("|")
        key = dg.MultiPartitionKey({"city": city, "round": name})
    instance.report_runless_asset_event(
        dg.AssetMaterialization(asset, partition=key, tags={"dagster/data_version": version})
    )


def complete(instance, name, version="1"):
    for city in CITIES:
        materialize(instance, "labelled_scenes", f"{city}|{name}", version)


JOB = dg.GraphDefinition("generate").to_job()


def keys(told):
    return {request.run_key for request in told.run_requests}


def partitions(told):
    return sorted(request.tags["dagster/partition"] for request in told.run_requests)


def test_a_round_is_complete_when_every_city_is_labelled(tick, instance):
    assert not tick("round_complete").run_requests
    materialize(instance, "labelled_scenes", "lisbon|round-1")
    assert "no round was completed" in tick("round_complete").skip_message
    materialize(instance, "labelled_scenes", "oslo|round-1")
    told = tick("round_complete")
    assert partitions(told) == ["default"]
    assert not tick("round_complete").run_requests, "it was asked for"
    complete(instance, "round-2")
    again = tick("round_complete")
    assert partitions(again) == ["default"]
    assert keys(again).isdisjoint(keys(told))


def test_a_complete_round_with_other_scenes_is_chosen_from_again(tick, instance):
    complete(instance, "round-1", "a")
    told = tick("round_complete")
    complete(instance, "round-1", "a")
    assert not tick("round_complete").run_requests, "the same scenes"
    complete(instance, "round-1", "b")
    other = tick("round_complete")
    complete(instance, "round-1", "a")
    back = tick("round_complete")
    assert len(keys(told) | keys(other) | keys(back)) == 3, "Dagster runs a key once"


def test_a_round_is_waited_for_while_it_is_made_anew(tick, instance):
    complete(instance, "round-1")
    run = instance.create_run_for_job(JOB, tags={"dagster/partition/round": "round-1"})
    assert not tick("round_complete").run_requests
    instance.report_run_failed(run)
    assert partitions(tick("round_complete")) == ["default"]


def test_the_cities_of_a_round_are_those_of_the_data(tick, instance, tmp_path):
    complete(instance, "round-1")
    told = tick("round_complete")
    write_frame(tmp_path / "data", "porto", 0)
    assert not tick("round_complete").run_requests, "a city more is not labelled yet"
    materialize(instance, "labelled_scenes", "porto|round-1")
    again = tick("round_complete")
    assert partitions(again) == ["default"]
    assert keys(again).isdisjoint(keys(told))


def test_data_that_are_away_complete_no_round(tick, instance, tmp_path):
    complete(instance, "round-1")
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert "need a folder with data sets" in tick("round_complete").skip_message


def test_only_selections_that_take_the_round_are_chosen_again(tick, instance, write):
    write("second", 'rounds = ["round-2"]')
    write("imports", 'imported = "all"')
    write("wrong", "rounds = 3")
    complete(instance, "round-1")
    assert partitions(tick("round_complete")) == ["default"]
    complete(instance, "round-2")
    assert partitions(tick("round_complete")) == ["default", "second"]


def test_a_tick_asks_for_a_bounded_number_of_runs(tick, instance, write):
    n_more = MAX_REQUESTS + 3
    for number in range(n_more):
        write(f"s{number:02d}", 'rounds = "all"')
    complete(instance, "round-1")
    first, second = tick("round_complete"), tick("round_complete")
    assert len(first.run_requests) == MAX_REQUESTS
    assert len(second.run_requests) == n_more + 1 - MAX_REQUESTS
    assert set(partitions(first)).isdisjoint(partitions(second))
    assert not tick("round_complete").run_requests


def observe(instance, **versions):
    for name, version in versions.items():
        instance.report_runless_asset_event(
            dg.AssetObservation(name, tags={"dagster/data_version": version})
        )


@pytest.fixture
def build(tmp_path):
    """Commit a bank that was cut from sources."""
    records = {"ood_objects": OodObject, "quarantine": Quarantined, "class_counts": ClassCount}

    def build(**sources):
        ManifestStore(root=str(tmp_path / "store")).open().manifests.commit(
            BANK,
            {name: to_table([], record) for name, record in records.items()},
            provenance={f"source/{name}": version for name, version in sources.items()},
        )

    return build


@pytest.fixture
def bank(build):
    build(**SOURCES)


def test_sources_that_come_back_are_built_from_again(tick, instance, build):
    asked = []
    for built, seen in (("a", "b"), ("b", "a"), ("a", "b")):
        build(coco=built)
        observe(instance, coco=seen)
        asked += keys(tick("sources_changed"))
    assert len(set(asked)) == 3, "Dagster runs a key once"


def test_other_sources_ask_for_another_bank_once(tick, instance, bank):
    assert "are those that the bank was cut from" in tick("sources_changed").skip_message
    observe(instance, **SOURCES)
    assert not tick("sources_changed").run_requests
    observe(instance, coco="c1")
    told = tick("sources_changed")
    assert len(told.run_requests) == 1
    assert keys(tick("sources_changed")) == keys(told), "the same key, so Dagster runs it once"
    observe(instance, coco="c2")
    assert keys(tick("sources_changed")).isdisjoint(keys(told))


def test_a_source_that_is_lost_does_not_empty_the_bank(tick, instance, bank):
    observe(instance, ade20k="absent")
    assert "not below the data root any more: ade20k" in tick("sources_changed").skip_message


def test_without_a_bank_nothing_is_compared(tick):
    assert "run the job build_bank once" in tick("sources_changed").skip_message


def test_training_begins_with_the_next_change_of_a_set(tick, instance, tmp_path):
    path = tmp_path / "train.yaml"
    path.write_text("ops: {segmenter_checkpoint: {config: {architecture: deeplab_miniature}}}\n")
    sensor = "training_set_changed"
    materialize(instance, "training_set", "default", "v1")
    assert "from now on" in tick(sensor).skip_message
    assert not tick(sensor).run_requests
    materialize(instance, "training_set", "default", "v1")
    assert not tick(sensor).run_requests, "the same pairs"
    materialize(instance, "training_set", "default", "v2")
    (request,) = tick(sensor, train_config=str(path)).run_requests
    assert request.run_key.startswith("default:v2")
    assert "segmenter_checkpoint" in request.run_config["ops"]
    assert not tick(sensor).run_requests
    materialize(instance, "training_set", "default", "v1")
    tick(sensor)
    materialize(instance, "training_set", "default", "v2")
    (again,) = tick(sensor).run_requests
    assert again.run_key != request.run_key, "Dagster runs a key once"


def test_a_set_that_failed_its_checks_is_not_trained_on(tick, instance):
    sensor = "training_set_changed"
    tick(sensor)

    @dg.asset(
        name="training_set",
        partitions_def=dg.DynamicPartitionsDefinition(name="selection"),
        check_specs=[dg.AssetCheckSpec("sound", asset="training_set", blocking=True)],
    )
    def failing() -> dg.MaterializeResult:
        check = dg.AssetCheckResult(passed=False, check_name="sound", asset_key="training_set")
        return dg.MaterializeResult(data_version=dg.DataVersion("v2"), check_results=[check])

    dg.materialize([failing], instance=instance, partition_key="default", raise_on_error=False)
    assert not tick(sensor).run_requests


def test_nothing_follows_before_it_is_switched_on():
    sensors = build_definitions(Settings()).get_repository_def().sensor_defs
    assert {sensor.name for sensor in sensors} == {
        *("round_complete", "sources_changed", "training_set_changed"),
        *("cheap_assets", "lost_runs", "lost_materializations", "report_failures"),
    }
    assert {sensor.default_status.value for sensor in sensors} == {"STOPPED"}


def test_reports_are_written_again_by_a_condition(instance):
    """New scores of a benchmark make its report due, and no other report."""
    definitions = build_definitions(Settings())
    reports = dg.AssetSelection.assets("benchmark_report")
    materialize(instance, "benchmark_scores", "road_anomaly")
    materialize(instance, "benchmark_report", "road_anomaly")
    first = dg.evaluate_automation_conditions(
        defs=definitions,
        instance=instance,
        asset_selection=dg.AssetSelection.assets("benchmark_report"),
    )
    materialize(instance, "benchmark_scores", "road_anomaly", "2")
    second = dg.evaluate_automation_conditions(
        defs=definitions,
        instance=instance,
        cursor=first.cursor,
        asset_selection=reports,
    )
    key = dg.AssetKey("benchmark_report")
    assert second.get_requested_partitions(key) == {"road_anomaly"}
