"""Labelled scenes in a store, photographs of their frames, selection files, and runs over them."""

import shutil

import dagster as dg
import numpy as np
import pytest

from assets.engine.resource import Engine
from assets.resources import DataRoot, ManifestStore
from assets.selecting.config import TrainingSetConfig
from assets.selecting.files import Selections, parse_selection
from assets.selecting.names import register_selection
from assets.selecting.order import plan_pairs
from assets.selecting.pairs import commit_pairs
from assets.training_set import training_set
from storage.datasets.cityscapes import write_cityscapes_frame
from storage.training_records import TrainingPair
from tests.storage.export.scenes import commit, new_store, scene

FRAME = (48, 96)
LISBON = ["lisbon_000000_000019", "lisbon_000001_000019", "lisbon_000002_000019"]
OSLO, HELD_OUT = "oslo_000001_000019", "ghent_000003_000019"


def photograph(number):
    return np.random.default_rng(100 + number).integers(0, 255, (*FRAME, 3), np.uint8)


def label_ids(number):
    """Sky over road, and a strip without label; the horizon tells the frame."""
    ids = np.full(FRAME, 23, np.uint8)
    ids[20 + number :] = 7
    ids[-3:] = 0
    return ids


def write_frame(root, frame_id, split="train"):
    number = int(frame_id.split("_")[1])
    write_cityscapes_frame(
        root / "cityscapes",
        split=split,
        name=frame_id,
        image=photograph(number),
        label_ids=label_ids(number),
    )


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Data and store, made once and copied for each test.

    Three frames of lisbon, one of oslo, and one that is held out; six scenes: round-1 of two
    cities, round-2 of one, by the plain template.
    """
    folder = tmp_path_factory.mktemp("made")
    for frame_id in (*LISBON, OSLO):
        write_frame(folder / "data", frame_id)
    write_frame(folder / "data", HELD_OUT, split="val")
    store, plain = new_store(folder / "store"), {"weather": None, "time": None, "place": None}
    commit(
        store,
        [
            scene(store, 0, frame_id=LISBON[0]),
            scene(store, 1, frame_id=LISBON[0], variant=1, weather="foggy", time="day"),
            scene(store, 2, frame_id=LISBON[1], object_ious=(0.71,)),
            scene(store, 3, frame_id=OSLO, object_class_names=("chair",)),
            scene(store, 4, frame_id=LISBON[0], round="round-2", **plain),
            scene(store, 5, frame_id=LISBON[2], round="round-2", n_ood_px=5, **plain),
        ],
    )
    return folder


@pytest.fixture
def data_root(made, tmp_path):
    return shutil.copytree(made / "data", tmp_path / "data")


@pytest.fixture
def resources(tmp_path, data_root):
    (tmp_path / "selections").mkdir()
    return {
        "store": ManifestStore(root=str(tmp_path / "store")),
        "data": DataRoot(path=str(data_root)),
        "engine": Engine(mode="inline"),
        "selection_files": Selections(root=str(tmp_path / "selections")),
    }


@pytest.fixture
def store(resources):
    return resources["store"].open()


@pytest.fixture
def rounds(made, store):
    """The store with the six scenes."""
    shutil.copytree(made / "store", store.root, dirs_exist_ok=True)
    return store


@pytest.fixture
def imported(store):
    """A set with a scene of a round's name, one of a held-out frame, and one of a lost frame."""
    rows = [
        scene(store, 6, frame_id=LISBON[0], round="round-1", attempt=None),
        scene(store, 7, frame_id=HELD_OUT, round="round-1", attempt=None),
        scene(store, 8, frame_id="porto_000001_000019", round="round-1", attempt=None),
    ]
    commit(store, rows, asset="imported_scenes")
    return store


@pytest.fixture
def write(tmp_path, resources):
    """Write a selection file."""

    def write(name, text):
        (tmp_path / "selections" / f"{name}.toml").write_text(text)

    return write


@pytest.fixture
def choose(resources, store):
    """Commit the pairs of a selection's text as the asset does, without Dagster; its version."""

    def choose(text, name="mine", max_bad_frac=0.5):
        selection = parse_selection(text, f"{name}.toml")
        order = plan_pairs(name, selection, resources["data"], store, max_bad_frac=max_bad_frac)
        return commit_pairs(order, store, resources["engine"], run_id="test")

    return choose


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def select(resources, instance, write):
    """Materialize a training set from the text of its selection."""

    def select(text=None, name="mine", **config):
        if text is not None:
            write(name, text)
        register_selection(instance, name)
        return dg.materialize(
            [training_set],
            instance=instance,
            partition_key=name,
            resources=resources,
            run_config=dg.RunConfig(ops={"training_set": TrainingSetConfig(**config)}),
            raise_on_error=False,
        )

    return select


@pytest.fixture
def pairs(store):
    """Rows that a selection chose."""

    def pairs(name="mine"):
        return store.manifests.read_records(
            "training_set", "training_pairs", TrainingPair, partition=name
        )

    return pairs


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def answers(result):
    """Problems of each check that failed."""
    return {
        answer.check_name: answer.metadata["problems"].value
        for answer in result.get_asset_check_evaluations()
        if not answer.passed
    }


def data_version(result, asset="training_set"):
    (event,) = result.asset_materializations_for_node(asset)
    return event.tags["dagster/data_version"]
