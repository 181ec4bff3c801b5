"""A small training set in a store, and what is trained on it in a moment."""

import shutil
from dataclasses import replace

import dagster as dg
import numpy as np
import pytest

from assets.engine.resource import Engine
from assets.resources import DataRoot, ManifestStore
from assets.segmenter_checkpoint import segmenter_checkpoint
from assets.segmenters.config import SegmenterConfig, TrainingPlace
from assets.segmenters.item import HeldOut, TrainingItem, Wish
from assets.selecting.files import parse_selection
from assets.selecting.names import register_selection
from assets.selecting.order import plan_pairs
from assets.selecting.pairs import commit_pairs
from assets.selecting.samples import data_version_of
from models.training.published import PUBLISHED
from models.training_data import GeometryConfig, PairTransformConfig
from storage.datasets.cityscapes import write_cityscapes_frame
from storage.records import OodObject
from tests.models.training.toys import STAGES
from tests.storage.export.scenes import commit, new_store, scene

FRAMES = [f"lisbon_{number:06d}_000019" for number in range(5)]
SIZE = (32, 64)
NAME = "mine"


def write_frame(root, frame_id, top=12):
    number = int(frame_id.split("_")[1])
    ids = np.full(SIZE, 23, np.uint8)
    ids[top + number :] = 7
    image = np.random.default_rng(number).integers(0, 120, (*SIZE, 3), np.uint8)
    image[ids == 7] += 100
    write_cityscapes_frame(
        root / "cityscapes", split="train", name=frame_id, image=image, label_ids=ids
    )


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Five frames and seven scenes of them, chosen as a training set; made once, then copied."""
    folder = tmp_path_factory.mktemp("segmenters")
    for frame_id in FRAMES:
        write_frame(folder / "data", frame_id)
    store = new_store(folder / "store")
    scenes = [(number, 0) for number in range(5)] + [(0, 1), (3, 1)]
    commit(
        store,
        [
            scene(store, n + 10 * variant, frame_id=FRAMES[n], variant=variant)
            for n, variant in scenes
        ],
    )
    select(folder / "data", folder / "store")
    return folder


def select(data_root, store_root, text='rounds = "all"'):
    store = ManifestStore(root=str(store_root)).open()
    order = plan_pairs(
        NAME,
        parse_selection(text, "mine.toml"),
        DataRoot(path=str(data_root)),
        store,
        max_bad_frac=0.0,
    )
    return commit_pairs(order, store, Engine(mode="inline"), run_id="test")


@pytest.fixture
def home(made, tmp_path):
    """A copy of data and store that a test may harm."""
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def toy_config(**changes):
    usual = {
        "stages": (replace(STAGES[0], n_epochs=1), replace(STAGES[1], n_epochs=2)),
        "transform": PairTransformConfig(geometry=GeometryConfig(crop=(24, 48)), paste=None),
        "batch_size": 1,
        "is_channels_last": False,
    }
    return replace(PUBLISHED["deeplab_miniature"], **{**usual, **changes})


def make_item(home, work, *, config=None, n_processes=1, **changes):
    store = ManifestStore(root=str(home / "store")).open()
    version = store.manifests.wanted("training_set", NAME)
    wish = Wish(
        selection=NAME,
        manifest_version=version.version,
        manifest_fingerprint=version.fingerprint,
        rows_fingerprint=data_version_of(version),
        configuration=(config or toy_config()).to_json(),
        initial_sha256=None,
        objects_version=None,
        objects_fingerprint=None,
        held_out=HeldOut(frac=0.2, max_frames=10, every_n_epochs=1),
        n_processes=n_processes,
    )
    usual = {
        "store_root": str(home / "store"),
        "single_writer": False,
        "data_root": str(home / "data"),
        "work": str(work),
        "n_between_checkpoints": 4,
        "n_between_logs": 2,
        "tensorboard": f"{work}-shown",
    }
    return TrainingItem(wish=wish, **{**usual, **changes})


QUICK = {
    "stages": [{"n_epochs": 1}, {"n_epochs": 1}],
    "transform": {"geometry": {"crop": [24, 48]}},
    "batch_size": 1,
    "is_channels_last": False,
}


@pytest.fixture
def store(home):
    return ManifestStore(root=str(home / "store")).open()


@pytest.fixture
def bank(store):
    """Two crops of the bank, of which one is kept."""
    return commit_bank(store)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as opened:
        register_selection(opened, NAME)
        yield opened


@pytest.fixture
def train(home, instance, tmp_path):
    """Materialize the checkpoints of the selection; settings are added to quick ones."""

    def train(engine=None, settings=None, device="cpu", **config):
        wanted = {
            "architecture": "deeplab_miniature",
            "held_out_frac": 0.2,
            "n_between_checkpoints": 3,
            "n_between_logs": 2,
            **config,
        }
        return dg.materialize(
            [segmenter_checkpoint],
            instance=instance,
            partition_key=NAME,
            resources={
                "store": ManifestStore(root=str(home / "store")),
                "data": DataRoot(path=str(home / "data")),
                "engine": engine or Engine(mode="inline"),
                "training_place": TrainingPlace(
                    work_root=str(tmp_path / "work"), device=device, n_loader_workers=0
                ),
            },
            run_config=dg.RunConfig(
                ops={
                    "segmenter_checkpoint": SegmenterConfig(
                        settings={**QUICK, **(settings or {})}, **wanted
                    )
                }
            ),
            raise_on_error=False,
        )

    return train


def commit_bank(store, verdicts=("kept", "rejected")):
    crop = np.zeros((6, 8, 4), np.uint8)
    crop[1:5, 1:7] = (250, 10, 200, 255)
    name = store.blobs.put_image(crop)
    rows = [banked(f"ade20k/train/{n}", verdict, name) for n, verdict in enumerate(verdicts)]
    return store.manifests.commit(
        "ood_objects", {"ood_objects": rows}, code_version="1", run_id="test", provenance={}
    )


def banked(object_id, verdict, crop):
    return OodObject(
        object_id=object_id,
        dataset="ade20k",
        split="train",
        source_image="image.jpg",
        source_sha256="0" * 64,
        license="test",
        instance_id="1",
        is_instance=True,
        source_class="bathtub",
        class_id=38,
        class_name="bathtub",
        image_height_px=6,
        image_width_px=8,
        mask_rle=b"",
        box_x_px=0,
        box_y_px=0,
        box_width_px=8,
        box_height_px=6,
        area_px=24,
        border_frac=0.0,
        solidity=1.0,
        is_occluded=None,
        is_cropped=None,
        crop_sha256=crop,
        appearance_hash=None,
        verdict=verdict,
        reason=None if verdict == "kept" else "small",
    )
