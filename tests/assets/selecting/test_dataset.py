"""A training set as a torch Dataset: pixels, sizes, workers, and what is refused."""

import multiprocessing
import pickle

import cv2
import numpy as np
import pytest
from torch.utils.data import DataLoader

from assets.selecting.dataset import TrainingPairs
from assets.selecting.samples import sample_id
from models.training_data import Pair
from storage.images import write_png
from storage.label_space import CITYSCAPES_LABELS
from storage.manifests.history import NoVersionError
from tests.assets.selecting.conftest import FRAME, LISBON, label_ids, photograph
from tests.storage.export.scenes import pictures

TRAIN_IDS = {label.label_id: label.train_id for label in CITYSCAPES_LABELS}
GENERATED = (32, 64)


@pytest.fixture
def chosen(rounds, choose, tmp_path, data_root):
    """Where the training set of round-1 is: four pairs."""
    choose('rounds = ["round-1"]')
    return tmp_path / "store", data_root, "mine"


def nearest(label, size):
    made = np.zeros(size, np.uint8)
    for y, x in np.ndindex(size):
        old_y = int((y + 0.5) * label.shape[0] / size[0])
        made[y, x] = label[old_y, int((x + 0.5) * label.shape[1] / size[1])]
    return made


def train_ids(number):
    ids = label_ids(number)
    return np.vectorize(TRAIN_IDS.get)(ids).astype(np.uint8)


def scene_pixels(store, row):
    return store.blobs.get_image(row.image_sha256), store.blobs.get_image(row.label_sha256)


def test_a_pair_has_the_size_of_its_photograph_as_published(chosen, store):
    pairs = TrainingPairs.open(*chosen)
    assert len(pairs) == 4
    pair = pairs[1]
    assert isinstance(pair, Pair)
    assert pair.sample_id == f"labelled_scenes/round-1/{LISBON[0]}/1"
    assert np.array_equal(pair.original, photograph(0))
    assert np.array_equal(pair.original_label, train_ids(0))
    image, label = scene_pixels(store, pairs.rows[1])
    assert image.shape[:2] == GENERATED
    assert np.array_equal(pair.generated, cv2.resize(image, FRAME[::-1]))
    assert np.array_equal(pair.generated_label, nearest(label, FRAME))
    assert {254, 255} <= set(np.unique(pair.generated_label))


def test_the_scene_is_where_it_was_in_the_manifest(chosen, store):
    pairs = TrainingPairs.open(*chosen)
    image, _ = scene_pixels(store, pairs.rows[0])
    assert np.array_equal(image, pictures(0, [])[0])
    assert [pairs.pair(index).sample_id for index in range(4)] == list(map(sample_id, pairs.rows))
    assert list(pairs.rows) == sorted(pairs.rows, key=sample_id)


def test_another_size_leaves_scenes_of_that_size_alone(chosen, store):
    pairs = TrainingPairs.open(*chosen, size=GENERATED)
    pair = pairs[2]
    image, label = scene_pixels(store, pairs.rows[2])
    assert np.array_equal(pair.generated, image)
    assert np.array_equal(pair.generated_label, label)
    smaller = cv2.resize(photograph(1), GENERATED[::-1], interpolation=cv2.INTER_AREA)
    assert np.array_equal(pair.original, smaller)
    assert np.array_equal(pair.original_label, nearest(train_ids(1), GENERATED))


def horizontal_mean(pair):
    return pair.sample_id, int(pair.original.mean())


def test_workers_of_a_loader_read_the_same(chosen):
    pairs = TrainingPairs.open(*chosen, transform=horizontal_mean)
    context = multiprocessing.get_context("fork")
    loader = DataLoader(
        pairs, batch_size=2, num_workers=1, collate_fn=list, multiprocessing_context=context
    )
    assert [one for batch in loader for one in batch] == [pairs[index] for index in range(4)]
    copy = pickle.loads(pickle.dumps(pairs))
    assert copy[3] == pairs[3]
    assert copy.version == pairs.version


def test_an_earlier_version_can_be_opened(chosen, choose, store):
    choose('rounds = ["round-2"]')
    assert len(TrainingPairs.open(*chosen)) == 2
    first = TrainingPairs.open(*chosen, version=1)
    assert len(first) == 4
    assert first.version == store.manifests.version("training_set", 1, "mine")
    with pytest.raises(NoVersionError, match=r"kept versions: \[1, 2\]"):
        TrainingPairs.open(*chosen, version=3)
    with pytest.raises(NoVersionError, match="materialize it first"):
        TrainingPairs.open(*chosen[:2], "other")


def test_a_label_of_train_ids_is_read_by_its_own_coding(rounds, choose, tmp_path, data_root):
    for path in data_root.rglob("*_labelIds.png"):
        number = int(path.name.split("_")[1])
        write_png(path.with_name(path.name.replace("labelIds", "labelTrainIds")), train_ids(number))
        path.unlink()
    choose('rounds = ["round-1"]')
    pairs = TrainingPairs.open(tmp_path / "store", data_root, "mine")
    assert pairs.rows[0].source_label_coding == "cityscapes_train_ids"
    assert np.array_equal(pairs[0].original_label, train_ids(0))


def change_photograph(row, data_root, store):
    write_png(data_root / row.source_image, photograph(7))


def lose_label(row, data_root, store):
    (data_root / row.source_label).unlink()


def lose_scene(row, data_root, store):
    store.blobs.path(row.image_sha256).unlink()


def damage_scene(row, data_root, store):
    path = store.blobs.path(row.label_sha256)
    path.write_bytes(path.read_bytes()[:50])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (change_photograph, "_leftImg8bit.png: need the file that was selected, with SHA-256"),
        (lose_label, r"_labelIds.png: cannot be read \(No such file"),
        (lose_scene, "blob [0-9a-f]{64} is missing"),
        (damage_scene, r"[0-9a-f]{64}.png: need content with SHA-256"),
    ],
)
def test_bad_files_name_sample_and_file(chosen, store, data_root, harm, said):
    pairs = TrainingPairs.open(*chosen)
    harm(pairs.rows[0], data_root, store)
    with pytest.raises(
        ValueError, match=rf"^sample labelled_scenes/round-1/{LISBON[0]}/0: .*{said}"
    ):
        pairs[0]
    assert pairs[3].sample_id == sample_id(pairs.rows[3])
