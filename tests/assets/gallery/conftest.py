"""A store of two cities with accepted, rejected and unjudged scenes, small and quick to make."""

import shutil

import numpy as np
import pytest

from assets.partitions import ScenePartition
from models.scenes import Condition
from storage.store import open_store
from tests.assets.gallery.made_scenes import (
    PLAIN,
    MadeAttempt,
    MadePartition,
    commit_made,
    write_photograph,
)

LISBON = ScenePartition(round="round-1", city="lisbon")
OSLO = ScenePartition(round="round-1", city="oslo")
RAINY = Condition(place="Lisbon", weather="rainy", time="night")
CLEAR = Condition(place="Kyoto", weather="clear", time="day")
HEIGHT, WIDTH = 64, 128


def made(frame, **changes):
    """An attempt at a street with a chair (or other classes, side by side) on it."""
    names = changes.pop("class_names", ("chair",))
    rng = np.random.default_rng(len(frame) + changes.get("attempt", 0))
    label_ids = np.full((HEIGHT, WIDTH), 23, np.uint8)
    label_ids[30:] = 7
    picture = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    masks = []
    for index in range(len(names)):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[36:56, 20 + 40 * index : 44 + 40 * index] = True
        masks.append(mask)
    fields = {
        "picture": picture.repeat(8, axis=0).repeat(8, axis=1),
        "label_ids": label_ids,
        "class_ids": tuple(20 + index for index in range(len(names))),
        "class_names": names,
        "pasted": tuple(masks),
        "found": tuple(np.roll(mask, 2, axis=1) for mask in masks),
    }
    return MadeAttempt(frame=frame, **{**fields, **changes})


def lisbon_attempts():
    first, second, third = (f"lisbon_00000{number}_000019" for number in range(3))
    return (
        made(first, condition=RAINY, reason="sam_disagrees", is_image_kept=False),
        made(first, condition=RAINY, attempt=1, class_names=("chair", "box")),
        made(first, variant=1, condition=CLEAR),
        made(second, condition=PLAIN, reason="not_ood", is_image_kept=False),
        made(second, condition=PLAIN, attempt=1, reason="not_ood"),
        made(third, condition=RAINY, class_names=("bathtub",)),
    )


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory):
    """A store and a data root, made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("made")
    fill_store(folder / "store")
    write_photographs(folder / "data")
    return folder


@pytest.fixture
def store(made_folder, tmp_path):
    shutil.copytree(made_folder / "store", tmp_path / "store")
    return open_store(tmp_path / "store")


@pytest.fixture
def data_root(made_folder, tmp_path):
    return shutil.copytree(made_folder / "data", tmp_path / "data")


def fill_store(root):
    opened = open_store(root)
    empty = {"lisbon_000009_000019": "no_road"}
    commit_made(
        opened,
        MadePartition(partition=LISBON, attempts=lisbon_attempts(), empty_frames=empty),
    )
    oslo = (made("oslo_000000_000019", condition=CLEAR, class_names=("box",)),)
    commit_made(opened, MadePartition(partition=OSLO, attempts=oslo, stages=("requests", "drawn")))


def write_photographs(root):
    """Gray photographs of Lisbon alone, twice as large as what is drawn."""
    for item in lisbon_attempts():
        if item.attempt == item.variant == 0:
            photo = np.full((2 * HEIGHT, 2 * WIDTH, 3), 90, np.uint8)
            write_photograph(root, item.frame, photo, item.label_ids.repeat(2, 0).repeat(2, 1))
