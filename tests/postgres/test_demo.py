"""The whole demo with Dagster's state in PostgreSQL, as a server of a group has it."""

import os
import shutil
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import create_engine, text

from storage.store import open_store
from tests.pipelines.conftest import N_TRAIN, run
from tests.postgres.conftest import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
DEMO_S = 900

DEPLOYED = Path(__file__).resolve().parents[2] / "deploy" / "postgres" / "dagster.yaml"
ASSETS = ("ood_objects", "scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes")
LATER_ASSETS = ("training_set", "closed_set_checkpoint", "segmenter_checkpoint", "benchmark_scores")


@pytest.fixture(scope="module")
def environment(postgres_url, tmp_path_factory, tiny_set):
    home = tmp_path_factory.mktemp("on_postgres")
    shutil.copy(DEPLOYED, home / "dagster.yaml")
    names = {"DATA": "data", "STORE": "store", "SELECTIONS": "selections", "WORK": "work"}
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "DAGSTER_POSTGRES_URL": postgres_url,
        **{f"MULTISHIFT_{name}_ROOT": str(home / folder) for name, folder in names.items()},
        "MULTISHIFT_MINIATURE_SET": str(tiny_set),
        "MULTISHIFT_THREADS": "1",
        "COLUMNS": "160",
    }


@pytest.fixture(scope="module")
def told(environment):
    """What the demo prints."""
    data_root = environment["MULTISHIFT_DATA_ROOT"]
    run(environment, "miniature", data_root, "--frames", N_TRAIN, "--others", 0.1)
    return run(environment, "demo", timeout_s=DEMO_S)


@pytest.fixture
def instance(told, environment, monkeypatch):
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", environment["DAGSTER_POSTGRES_URL"])
    with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
        yield instance


def test_every_run_of_the_demo_succeeds(told, instance):
    runs = instance.get_runs()
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert len({run.job_name for run in runs}) == 9
    assert "report of the " in told


def test_events_come_back_with_the_versions_of_the_store(told, instance, environment):
    manifests = open_store(environment["MULTISHIFT_STORE_ROOT"]).manifests
    for name in (*ASSETS, *LATER_ASSETS):
        events = instance.fetch_materializations(dg.AssetKey(name), limit=1000).records
        assert events, name
        assert all(event.asset_materialization.metadata for event in events)
    (latest,) = instance.fetch_materializations(dg.AssetKey("ood_objects"), limit=1).records
    version = manifests.latest("ood_objects")
    assert latest.asset_materialization.tags["dagster/data_version"] == version.fingerprint
    partitions = instance.get_materialized_partitions(dg.AssetKey("labelled_scenes"))
    assert partitions == set(manifests.partitions("labelled_scenes"))


def test_the_state_is_in_the_database_and_nowhere_else(told, environment):
    engine = create_engine(environment["DAGSTER_POSTGRES_URL"])
    with engine.connect() as connection:
        for table in ("runs", "event_logs", "asset_keys", "dynamic_partitions"):
            assert connection.execute(text(f"select count(*) from {table}")).scalar_one() > 0, table
    engine.dispose()
    home = Path(environment["DAGSTER_HOME"])
    assert not list(home.rglob("*.db")), "no database of SQLite"


def test_the_password_is_in_no_file_and_no_event(told, environment):
    engine = create_engine(environment["DAGSTER_POSTGRES_URL"])
    with engine.connect() as connection:
        said = text("select count(*) from event_logs where event like :secret")
        assert connection.execute(said, {"secret": f"%{PASSWORD}%"}).scalar_one() == 0
        kept = text("select count(*) from runs where run_body like :secret")
        assert connection.execute(kept, {"secret": f"%{PASSWORD}%"}).scalar_one() == 0
    engine.dispose()
    files = [path for path in Path(environment["DAGSTER_HOME"]).rglob("*") if path.is_file()]
    assert len(files) > 100
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
