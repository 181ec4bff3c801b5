"""A plan of three arms and two seeds, the data that it learns from, and worlds to measure on."""

import shutil
from copy import deepcopy

import dagster as dg
import pytest
import yaml

from assets.engine.resource import Engine
from assets.experiment.committing import commit_trials
from assets.experiment.config import ResultsConfig, TrialsConfig
from assets.experiment.names import (
    RESULTS,
    TRIALS,
    register_experiment,
    results_partition,
    training_set_name,
)
from assets.experiment.order import plan_trials
from assets.experiment.plans import read_plan
from assets.experiment.worlds import render_benchmarks
from assets.experiment_results import experiment_results
from assets.experiment_trials import experiment_trials
from assets.resources import DataRoot, ManifestStore
from assets.segmenters.config import TrainingPlace
from assets.selecting.files import parse_selection
from assets.selecting.order import plan_pairs
from assets.selecting.pairs import commit_pairs
from models.experiment.plan import Plan
from models.miniature.plan import plan_world
from models.miniature.world import WORLD_VERSION
from storage.world import read_marker, write_marker
from tests.assets.segmenters.conftest import FRAMES, commit_bank, write_frame
from tests.storage.export.scenes import commit, new_store, scene

NAME = "tiny"
NETWORK = "deeplab_miniature"
N_FRAMES = len(FRAMES)
TREE = {
    "name": NAME,
    "worlds": {
        "training": {"n_train": N_FRAMES, "seed": 0},
        "selection": {"n_train": 2, "others_frac": 0.01, "seed": 1},
        "report": {"n_train": 2, "others_frac": 0.01, "seed": 2},
    },
    "n_seeds": 2,
    "data": {"full": {}},
    "arms": {
        "baseline": {"title": "known classes"},
        "paste": {"title": "pasted objects", "data": "photographs"},
        "full": {
            "title": "everything",
            "data": "full",
            "settings": {"loss": {"sample_ratio": 0.5}},
        },
    },
    "networks": {
        NETWORK: {
            "seconds": 1,
            "closed_set": {"n_epochs": 2, "batch_size": 2, "crop_px": 24},
            "settings": {
                "stages": [{"n_epochs": 1}, {"n_epochs": 1}],
                "transform": {"geometry": {"crop": [24, 48]}},
                "batch_size": 2,
                "is_channels_last": False,
            },
        }
    },
    "headline": {
        "architecture": NETWORK,
        "arm": "full",
        "against": ["baseline", "paste"],
        "metrics": ["ap", "fpr95", "mean_iou"],
        "unknown": ["road_anomaly", "acdc_poc"],
        "shifted": ["acdc_poc", "acdc"],
    },
}
PLAN = Plan.model_validate(TREE)


def changed(**arms):
    """The tree of the plan with other settings of arms."""
    tree = deepcopy(TREE)
    for name, settings in arms.items():
        tree["arms"][name]["settings"] = settings
    return tree


@pytest.fixture(scope="session")
def experiment_data(tmp_path_factory):
    """Five frames as the training world, a scene of each, its training sets, and a bank."""
    folder = tmp_path_factory.mktemp("experiment")
    data_root = folder / "data"
    for frame_id in FRAMES:
        write_frame(data_root, frame_id)
    facts = {"n_train": N_FRAMES, "others_frac": 1.0, "seed": 0, "is_complete": True}
    write_marker(data_root, {"world_version": WORLD_VERSION, "scene_height_px": 32, **facts})
    store = new_store(folder / "store")
    commit_bank(store)
    commit(store, [scene(store, n, frame_id=frame_id) for n, frame_id in enumerate(FRAMES)])
    for seed in range(PLAN.n_seeds):
        write_training_set(folder, training_set_name(NAME, "full", seed, 1))
    return folder


def write_training_set(folder, name, text='rounds = "all"'):
    store = ManifestStore(root=str(folder / "store")).open()
    data = DataRoot(path=str(folder / "data"))
    order = plan_pairs(name, parse_selection(text, name), data, store, max_bad_frac=0.0)
    return commit_pairs(order, store, Engine(mode="inline"), run_id="test")


FEW = ("cityscapes", "road_anomaly", "acdc_poc")
"""Benchmarks of the tests: without unknown objects, without known classes, and with both."""


@pytest.fixture(scope="session")
def rendered_worlds(tmp_path_factory):
    """Folder of the two worlds of the plan, with few benchmarks; one is the other one's double."""
    folder = tmp_path_factory.mktemp("worlds")
    with pytest.MonkeyPatch.context() as patch:
        few = lambda **size: [f for f in plan_world(**size) if f.dataset in FEW]  # noqa: E731
        patch.setattr("assets.miniature.world.plan_world", few)
        world = render_benchmarks(PLAN, "selection", folder, Engine(mode="inline"))
    double = folder / "seed-2-2-0.01"
    shutil.copytree(world.root, double)
    write_marker(double, {**read_marker(double), "seed": 2})
    return folder


@pytest.fixture(scope="session")
def trained(experiment_data, tmp_path_factory):
    """The data with all six trials in the store."""
    home = Home(experiment_data, tmp_path_factory.mktemp("trained"))
    home.run()
    return home.folder


@pytest.fixture
def home(experiment_data, tmp_path):
    """A copy of the data that a test may harm."""
    return Home(experiment_data, tmp_path)


@pytest.fixture
def trained_home(trained, tmp_path):
    """A copy of the data with its trials."""
    return Home(trained, tmp_path)


class Home:
    """Data and store of an experiment, and runs over them."""

    def __init__(self, source, tmp_path):
        self.folder = tmp_path / "home"
        shutil.copytree(source, self.folder)
        self.data = DataRoot(path=str(self.folder / "data"))
        self.store = ManifestStore(root=str(self.folder / "store"))
        self.opened = self.store.open()
        self.place = TrainingPlace(
            work_root=str(self.folder / "work"), device="cpu", n_loader_workers=0
        )

    def order(self, tree=TREE, **config):
        return plan_trials(
            Plan.model_validate(tree), TrialsConfig(**config), self.data, self.store, device="cpu"
        )

    def run(self, tree=TREE, **config):
        """Train as the asset does, without Dagster; the version."""
        order, engine = self.order(tree, **config), Engine(mode="inline")
        return commit_trials(order, self.opened, engine, run_id="test")

    def train(self, tree=TREE, **config):
        with dg.DagsterInstance.ephemeral() as instance:
            register_experiment(instance, NAME)
            return dg.materialize(
                [experiment_trials],
                instance=instance,
                partition_key=NAME,
                resources=self._resources(data=self.data),
                run_config=dg.RunConfig(
                    ops={TRIALS: TrialsConfig(plan=self._write(tree), **config)}
                ),
                raise_on_error=False,
            )

    def measure(self, worlds, world="selection", tree=TREE, **config):
        with dg.DagsterInstance.ephemeral() as instance:
            register_experiment(instance, NAME)
            return dg.materialize(
                [experiment_results],
                instance=instance,
                partition_key=dg.MultiPartitionKey({"experiment": NAME, "world": world}),
                resources=self._resources(),
                run_config=dg.RunConfig(
                    ops={
                        RESULTS: ResultsConfig(
                            plan=self._write(tree), worlds_root=str(worlds), **config
                        )
                    }
                ),
                raise_on_error=False,
            )

    def latest(self, asset=TRIALS, partition=NAME):
        return self.opened.manifests.latest(asset, partition)

    def latest_results(self, world="selection"):
        return self.latest(RESULTS, results_partition(NAME, world))

    def _write(self, tree):
        path = self.folder / f"{NAME}.yaml"
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
        assert read_plan(str(path)) == Plan.model_validate(tree)
        return str(path)

    def _resources(self, **more):
        engine = Engine(mode="inline")
        return {"store": self.store, "engine": engine, "training_place": self.place, **more}


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    data = event.step_failure_data
    return str(data.user_failure_data.description if data.user_failure_data else data.error)
