"""Label ids from each of the label files that a copy of Cityscapes may have."""

import numpy as np
import pytest
from PIL import Image

from storage.datasets.cityscapes import CITYSCAPES, to_train_ids, write_cityscapes_frame
from storage.datasets.dataset import BadFileError
from storage.datasets.label_ids import read_label_ids
from storage.images import write_png

LABEL_IDS = np.array([[0, 1, 7, 8], [11, 24, 26, 33]], np.uint8)


@pytest.fixture
def root(tmp_path):
    instances = LABEL_IDS.astype(np.uint16)
    instances[1, 2] = 26003
    write_cityscapes_frame(
        tmp_path / "cityscapes",
        split="train",
        name="aachen_000000_000019",
        image=np.zeros((2, 4, 3), np.uint8),
        label_ids=LABEL_IDS,
        instance_ids=instances,
    )
    return tmp_path


def label_file(root, kind):
    (path,) = root.rglob(f"*_gtFine_{kind}.png")
    return path


def only_frame(root):
    (frame,) = CITYSCAPES.frames(root, CITYSCAPES.locate(root))
    return frame


def test_label_ids_are_read_as_they_are(root):
    assert (read_label_ids(root, only_frame(root)) == LABEL_IDS).all()


def test_instance_ids_lose_their_numbers(root):
    label_file(root, "labelIds").unlink()
    frame = only_frame(root)
    assert frame.coding == "cityscapes_instance_ids"
    assert (read_label_ids(root, frame) == LABEL_IDS).all()


def test_train_ids_give_the_scored_classes(root):
    path = label_file(root, "labelIds")
    write_png(
        path.with_name(path.name.replace("labelIds", "labelTrainIds")), to_train_ids(LABEL_IDS)
    )
    path.unlink()
    read = read_label_ids(root, only_frame(root))
    assert read.tolist() == [[0, 0, 7, 8], [11, 24, 26, 33]]


def test_a_palette_image_and_foreign_values_are_refused(root):
    path = label_file(root, "labelIds")
    frame = only_frame(root)
    palette = Image.fromarray(LABEL_IDS)
    palette.putpalette([0] * 768)
    palette.save(path)
    with pytest.raises(BadFileError, match="palette"):
        read_label_ids(root, frame)
    write_png(path, LABEL_IDS + 40)
    with pytest.raises(BadFileError, match="outside the coding"):
        read_label_ids(root, frame)


def test_frames_of_other_codings_are_refused(root):
    frame = only_frame(root)
    with pytest.raises(BadFileError, match="need a label in a coding"):
        read_label_ids(root, type(frame)(**{**vars(frame), "coding": "muad"}))
