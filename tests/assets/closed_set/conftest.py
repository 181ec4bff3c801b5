"""Seven small frames of Cityscapes, and a training on them that takes a moment."""

import dagster as dg
import numpy as np
import pytest

from assets.closed_set.config import ClosedSetTrainingConfig
from assets.closed_set_checkpoint import closed_set_checkpoint
from assets.resources import DataRoot, ManifestStore
from assets.segmenters.config import TrainingPlace
from storage.datasets.cityscapes import write_cityscapes_frame

FRAMES = [f"lisbon_{number:06d}_000019" for number in range(7)]
SIZE = (32, 64)
ARCHITECTURE = "deeplab_miniature"
QUICK = {
    "n_epochs": 3,
    "batch_size": 2,
    "crop_px": 24,
    "short_side_px": 32,
    "n_epochs_between_scores": 2,
}


def write_frames(root, frame_ids=FRAMES, split="train"):
    """Bright sky above a dark road, whose border lies elsewhere in each frame."""
    for number, frame_id in enumerate(frame_ids):
        ids = np.full(SIZE, 23, np.uint8)
        ids[12 + number :] = 7
        image = np.random.default_rng(number).integers(0, 50, (*SIZE, 3), np.uint8)
        image[ids == 23] += 180
        write_cityscapes_frame(
            root / "cityscapes", split=split, name=frame_id, image=image, label_ids=ids
        )


@pytest.fixture
def data_root(tmp_path):
    write_frames(tmp_path / "data")
    write_frames(tmp_path / "data", ["ulm_000000_000019"], split="val")
    return tmp_path / "data"


@pytest.fixture
def store(tmp_path):
    return ManifestStore(root=str(tmp_path / "store"))


@pytest.fixture
def train_closed_set(data_root, store, tmp_path):
    """Materialize the asset; settings are added to quick ones."""

    def train(**config):
        return dg.materialize(
            [closed_set_checkpoint],
            partition_key=ARCHITECTURE,
            resources={
                "store": store,
                "data": DataRoot(path=str(data_root)),
                "training_place": TrainingPlace(work_root=str(tmp_path / "work"), device="cpu"),
            },
            run_config=dg.RunConfig(
                ops={"closed_set_checkpoint": ClosedSetTrainingConfig(**{**QUICK, **config})}
            ),
            raise_on_error=False,
        )

    return train
