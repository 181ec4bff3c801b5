"""Weights on disk: read by safetensors, equal bytes for equal content, whole or not at all."""

import errno
import json
import os

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file
from upath import UPath

from storage import atomic
from storage.weights import read_metadata, write_weights

METADATA = {f"key {i}": f"value {i} äß" for i in range(9)}


@pytest.fixture
def tensors():
    draw = np.random.default_rng(0)
    return {
        "b.weight": draw.standard_normal((3, 4)).astype(np.float32),
        "a.count": np.array(7, np.int64),
        "half": draw.standard_normal(5).astype(np.float16),
        "flags": np.array([True, False, True]),
        "transposed": draw.standard_normal((2, 5)).T,
        "empty": np.zeros((0, 3), np.float32),
    }


def test_the_library_reads_what_was_written(tmp_path, tensors):
    path = tmp_path / "new" / "weights.safetensors"
    assert write_weights(path, tensors, METADATA) == path.stat().st_size
    found = load_file(path)
    assert set(found) == set(tensors)
    for key, array in tensors.items():
        np.testing.assert_array_equal(found[key], array)
        assert (found[key].dtype, found[key].shape) == (array.dtype, array.shape)
    with safe_open(path, framework="numpy") as file:
        assert file.metadata() == METADATA


def test_equal_content_is_equal_bytes_in_any_order(tmp_path, tensors):
    contents = set()
    for number in range(4):
        turn = -1 if number % 2 else 1
        path = UPath(tmp_path / f"{number}.safetensors")
        write_weights(path, dict([*tensors.items()][::turn]), dict([*METADATA.items()][::turn]))
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_data_begin_at_a_multiple_of_eight(tmp_path):
    path = tmp_path / "weights.safetensors"
    for length in range(9):
        write_weights(path, {"a": np.arange(3.0)}, {"k": "x" * length})
        content = path.read_bytes()
        n_header = int.from_bytes(content[:8], "little")
        assert n_header % 8 == 0
        assert json.loads(content[8 : 8 + n_header])["a"]["data_offsets"] == [0, 24]
        np.testing.assert_array_equal(load_file(path)["a"], np.arange(3.0))


def test_without_metadata(tmp_path, tensors):
    write_weights(tmp_path / "weights.safetensors", tensors, {})
    assert set(load_file(tmp_path / "weights.safetensors")) == set(tensors)


def test_no_tensors_are_refused(tmp_path):
    with pytest.raises(ValueError, match="need at least one tensor"):
        write_weights(tmp_path / "weights.safetensors", {}, {})
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_former_file_alone(tmp_path, tensors, monkeypatch):
    path = tmp_path / "weights.safetensors"
    write_weights(path, tensors, {})
    former = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(atomic.StoreFullError):
        write_weights(path, {"a": np.ones(3)}, {})
    assert path.read_bytes() == former
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_an_error_names_the_file_and_not_its_temporary_form(tmp_path, tensors, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "/folder/.tmp-123")

    monkeypatch.setattr(atomic.os, "fsync", fail)
    path = tmp_path / "weights.safetensors"
    with pytest.raises(OSError, match="Read-only file system") as caught:
        write_weights(path, tensors, {})
    assert caught.value.errno == errno.EROFS
    assert caught.value.filename == str(path)
    assert ".tmp-" not in str(caught.value)


def test_metadata_are_read_from_the_header_alone(tmp_path, tensors):
    path = tmp_path / "weights.safetensors"
    write_weights(path, tensors, METADATA)
    assert read_metadata(path) == METADATA
    start = 8 + int.from_bytes(path.read_bytes()[:8], "little")
    path.write_bytes(path.read_bytes()[:start])
    assert read_metadata(UPath(path)) == METADATA
    write_weights(path, tensors, {})
    assert read_metadata(path) == {}


@pytest.mark.parametrize("content", [b"", b"PK", b"\xff" * 99, b"\x02" + b"\0" * 7 + b"[]"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights.pth: need a safetensors file, got one without"):
        read_metadata(path)
