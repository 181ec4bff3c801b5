import os
import pickle
from collections import OrderedDict
from functools import partial

import numpy as np
import pytest

from storage.datasets.dataset import BadFileError
from storage.datasets.unpickle import read_pickle

CONTENT = {
    "filename": ["ADE_train_00000001.jpg", "ADE_train_00000002.jpg"],
    "counts": np.arange(6, dtype=np.uint16).reshape(2, 3),
    "wide": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "texts": np.array(["sofa, couch", "bed"], dtype=object),
    "fixed": np.array(["ab", "c"]),
    "flags": np.array([True, False]),
    "scalar": np.float64(1.5),
    "nested": [{"a": (1, 2.5, None, True)}, {3, 4}, frozenset({5}), b"bytes"],
}


class Malicious:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_containers_numbers_text_and_arrays_come_back(tmp_path, protocol):
    path = tmp_path / "index.pkl"
    content = {k: v for k, v in CONTENT.items() if protocol >= 2 or k not in ("nested",)}
    path.write_bytes(pickle.dumps(content, protocol))

    found = read_pickle(path)

    assert found.keys() == content.keys()
    assert all(same(found[key], content[key]) for key in content)


@pytest.mark.parametrize(
    "harm",
    [
        Malicious(os.system, "touch owned"),
        Malicious(eval, "open('owned', 'w')"),
        Malicious(getattr, "", "join"),
        Malicious(np.load, "owned"),
        Malicious(np.fromfile, "owned"),
        Malicious(np.ndarray, (2,)),
        [1, {"deep": Malicious(os.remove, "victim")}],
        OrderedDict(a=1),
        partial(print, "owned"),
        np.dtype([("a", "i4")]),
        np.array([1], dtype="M8[s]"),
        np.ma.masked_array([1], [True]),
    ],
)
def test_anything_else_is_refused_before_it_runs(tmp_path, monkeypatch, harm):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "victim").touch()
    path = tmp_path / "index.pkl"
    path.write_bytes(pickle.dumps(harm))

    with pytest.raises(BadFileError, match=r"index\.pkl"):
        read_pickle(path)

    assert (tmp_path / "victim").exists()
    assert not (tmp_path / "owned").exists()


def test_references_outside_the_file_are_refused(tmp_path):
    (tmp_path / "index.pkl").write_bytes(b"Psomething\n.")
    with pytest.raises(BadFileError, match="outside the file"):
        read_pickle(tmp_path / "index.pkl")


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps(CONTENT)[:-40], b"\x80\x09."])
def test_broken_files_are_named(tmp_path, content):
    (tmp_path / "index.pkl").write_bytes(content)
    with pytest.raises(BadFileError, match=r"index\.pkl"):
        read_pickle(tmp_path / "index.pkl")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadFileError, match="does not exist"):
        read_pickle(tmp_path / "index.pkl")
