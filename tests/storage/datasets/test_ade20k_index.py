import os
import pickle

import numpy as np
import pytest
from scipy.io import savemat

from storage.datasets.ade20k_index import read_class_names, read_index
from storage.datasets.dataset import BadFileError

INDEX = {
    "filename": ["ADE_train_00000001.jpg", "ADE_train_00000002.jpg"],
    "folder": ["ADE20K_2021_17_01/images/ADE/training/street"] * 2,
    "scene": ["street", "/airport"],
    "objectIsPart": np.zeros((3, 2), np.uint8),
    "objectPresence": np.array([[0, 0], [2, 0], [1, 1]], np.uint16),
    "objectcounts": np.array([0.0, 2.0, 2.0]),
    "objectnames": ["-", "aarm panel", "sofa, couch, lounge"],
}


class Malicious:
    def __reduce__(self):
        return os.system, ("touch owned",)


def write(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_index_is_read(tmp_path, protocol):
    found = read_index(write(tmp_path / "index_ade20k.pkl", INDEX, protocol))
    assert found.filenames == tuple(INDEX["filename"])
    assert found.folders == tuple(INDEX["folder"])
    assert found.scenes == tuple(INDEX["scene"])
    assert found.class_names == tuple(INDEX["objectnames"])
    assert np.array_equal(found.presence, INDEX["objectPresence"])


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {k: v for k, v in INDEX.items() if k != "scene"},
        INDEX | {"filename": 7},
        INDEX | {"filename": ["one.jpg"]},
        INDEX | {"objectPresence": np.zeros((3, 3))},
        INDEX | {"objectPresence": np.array([["a", "b"]] * 3)},
        INDEX | {"scene": Malicious()},
    ],
)
def test_anything_else_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadFileError, match=r"index_ade20k\.pkl"):
        read_index(write(tmp_path / "index_ade20k.pkl", content))
    assert not (tmp_path / "owned").exists()


def test_class_names_of_text_and_mat_agree(tmp_path):
    names = ("-", "aarm panel", "café, coffeehouse", " ")
    (tmp_path / "classes.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(("\r\n".join(names) + "\r\n").encode("latin-1"))
    savemat(tmp_path / "index.mat", {"index": {"objectnames": np.array(names, dtype=object)}})

    assert read_class_names(tmp_path / "classes.txt") == names
    assert read_class_names(tmp_path / "latin.txt") == names
    assert read_class_names(tmp_path / "index.mat") == names


@pytest.mark.parametrize(
    "name", ["absent.txt", "absent.mat", "empty.txt", "empty.mat", "other.mat"]
)
def test_bad_class_tables_are_named(tmp_path, name):
    (tmp_path / "empty.txt").touch()
    (tmp_path / "empty.mat").touch()
    savemat(tmp_path / "other.mat", {"colors": np.zeros(3)})
    with pytest.raises(BadFileError, match=name):
        read_class_names(tmp_path / name)
