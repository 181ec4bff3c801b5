"""A store, a data root that fills as scenes are committed, and a Dagster instance."""

import dagster as dg
import pytest

from assets.engine.resource import Engine
from assets.filtered_scenes import filtered_scenes
from assets.filtering.config import FilterConfig
from assets.filtering.judging import commit_verdicts
from assets.filtering.order import plan_filter
from assets.labelled_scenes import labelled_scenes
from assets.labelling.config import LabelConfig
from assets.labelling.labels import commit_labels
from assets.labelling.order import plan_labels
from assets.partitions import ScenePartition
from assets.resources import DataRoot, ManifestStore
from assets.synthesis.networks import Networks
from storage.world import write_marker
from tests.assets.labelling.drawn_world import CITY, PARTITION, ROUND, commit_scenes

NO_FLOOR = {"min_acceptance": 0.0}


@pytest.fixture
def data_root(tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    write_marker(root, {"world_version": "2", "scene_height_px": 48, "is_complete": True})
    return root


@pytest.fixture
def resources(tmp_path, data_root):
    return {
        "store": ManifestStore(root=str(tmp_path / "store")),
        "data": DataRoot(path=str(data_root)),
        "engine": Engine(mode="inline"),
        "networks": Networks(models_root=str(tmp_path / "models")),
    }


@pytest.fixture
def store(resources):
    return resources["store"].open()


@pytest.fixture
def draw(store, data_root):
    """Commit drawn scenes."""

    def commit(*specs, **options):
        return commit_scenes(store, data_root, specs, **options)

    return commit


@pytest.fixture
def judge(store):
    """Commit the verdicts of a partition, under the thresholds that it was drawn under."""

    def commit(round_key=ROUND, **config):
        partition = ScenePartition(round=round_key, city=CITY)
        order = plan_filter(partition, FilterConfig(**{**NO_FLOOR, **config}), store)
        return commit_verdicts(order, store, run_id="run")

    return commit


@pytest.fixture
def label(store, resources):
    """Commit the labels of the partition."""

    def commit(engine=None, config=None, **options):
        order = plan_labels(
            ScenePartition(round=ROUND, city=CITY),
            LabelConfig(**(config or {})),
            resources["data"],
            resources["store"],
        )
        engine = engine or resources["engine"]
        return commit_labels(order, store, engine, run_id="run", **options)

    return commit


@pytest.fixture(scope="session")
def instance():
    with dg.DagsterInstance.ephemeral() as opened:
        opened.add_dynamic_partitions("round", ["round-0", ROUND, "round-2"])
        opened.add_dynamic_partitions("city", [CITY])
        yield opened


@pytest.fixture
def run_filter(resources, instance):
    """Materialize the verdicts of a partition."""

    def run(partition=PARTITION, **config):
        chosen = FilterConfig(**{**NO_FLOOR, **config})
        return _materialized(filtered_scenes, chosen, partition, resources, instance)

    return run


@pytest.fixture
def run_labels(resources, instance):
    """Materialize the labels of a partition."""

    def run(partition=PARTITION, **config):
        return _materialized(labelled_scenes, LabelConfig(**config), partition, resources, instance)

    return run


def _materialized(asset, config, partition, resources, instance):
    return dg.materialize(
        [asset],
        instance=instance,
        partition_key=partition,
        resources=resources,
        run_config=dg.RunConfig(ops={asset.key.to_user_string(): config}),
        raise_on_error=False,
    )
