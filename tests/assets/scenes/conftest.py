"""A miniature world of two cities, a bank of four objects, and a Dagster instance."""

import dagster as dg
import pytest

from assets.engine.resource import Engine
from assets.partitions import open_round
from assets.resources import DataRoot, ManifestStore
from assets.scene_requests import scene_requests
from assets.scenes.config import SceneRequestsConfig
from assets.sources import sources
from storage.world import write_marker
from tests.assets.scenes.small_world import CITIES, ROWS, commit_bank, write_frame


@pytest.fixture
def data_root(tmp_path):
    root = tmp_path / "data"
    for city, n_frames in CITIES.items():
        for number in range(n_frames):
            write_frame(root, city, number)
    facts = {"world_version": "2", "scene_height_px": 128, "is_complete": True}
    write_marker(root, facts)
    return root


@pytest.fixture
def resources(tmp_path, data_root):
    found = {
        "store": ManifestStore(root=str(tmp_path / "store")),
        "data": DataRoot(path=str(data_root)),
        "engine": Engine(mode="inline"),
    }
    commit_bank(found, ROWS)
    return found


@pytest.fixture
def instance(data_root):
    with dg.DagsterInstance.ephemeral() as opened:
        open_round(opened, data_root)
        yield opened


@pytest.fixture
def run(resources, instance):
    """Materialize one partition; ``using`` replaces resources."""

    def materialize(city="lisbon", round_key="round-1", using=None, **config):
        return dg.materialize(
            [scene_requests, sources],
            selection="scene_requests",
            instance=instance,
            partition_key=f"{city}|{round_key}",
            resources=using or resources,
            run_config=dg.RunConfig(ops={"scene_requests": SceneRequestsConfig(**config)}),
            raise_on_error=False,
        )

    return materialize
