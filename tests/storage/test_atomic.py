import errno
import os
from pathlib import Path

import pytest
from upath import UPath

from storage.atomic import (
    StoreFullError,
    StoreRefusedError,
    chosen_create,
    create,
    create_alone,
    write_atomically,
)
from storage.store import open_store
from tests.fakes import fake_stores


@pytest.fixture(params=["folder", "memory", "honest"])
def root(request, tmp_path):
    with fake_stores():
        place = UPath(tmp_path if request.param == "folder" else f"{request.param}://store")
        yield place / "atomic"
        if request.param == "memory":
            place.fs.store.clear()


def test_writing_replaces(root):
    write_atomically(root / "a" / "b", b"one")
    write_atomically(root / "a" / "b", b"two")
    assert (root / "a" / "b").read_bytes() == b"two"


@pytest.mark.parametrize("function", [create, create_alone])
def test_creating_never_replaces(root, function):
    function(root / "a" / "b", b"one")
    with pytest.raises(FileExistsError):
        function(root / "a" / "b", b"two")
    assert (root / "a" / "b").read_bytes() == b"one"
    assert [path.name for path in (root / "a").iterdir()] == ["b"]


def test_only_a_safe_create_is_chosen(root):
    assert chosen_create(root, single_writer=False) is create
    assert chosen_create(root, single_writer=True) is create_alone
    assert not root.exists() or not list(root.iterdir())  # the probe is gone


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("careless://store", "9 of 9 creates of one file succeed"),
        ("racy://store", "of 9 creates of one file succeed"),
        ("looking://store", "LookingStore checks first and writes later"),
    ],
)
def test_a_store_that_ignores_the_condition_is_refused_at_start(url, fact):
    with fake_stores():
        with pytest.raises(StoreRefusedError, match=fact):
            open_store(url)
        store = open_store(url, single_writer=True)
        assert store.manifests.commit("scenes", {"quarantine": []}).version == 1
        assert store.manifests.commit("scenes", {"quarantine": []}).version == 2


def test_a_failed_write_leaves_the_former_file_and_no_other(tmp_path, monkeypatch):
    write_atomically(UPath(tmp_path / "a"), b"one")

    def refuse(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreFullError, match=r"no room for 3 bytes.*former versions are unharmed"):
        write_atomically(UPath(tmp_path / "a"), b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_file_system_without_hard_links_is_refused(tmp_path, monkeypatch):
    def refuse(self, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(StoreRefusedError, match=r"no hard links.*single_writer=True"):
        create(UPath(tmp_path / "a"), b"one")
    assert not list(tmp_path.iterdir())
    create_alone(UPath(tmp_path / "a"), b"one")
    assert (tmp_path / "a").read_bytes() == b"one"
