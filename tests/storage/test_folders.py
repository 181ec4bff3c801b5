"""A folder is replaced whole, or stays as it was."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from storage.folders import held_folder, kept_folder, replaced_folder


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "below" / "set"
    folder.mkdir(parents=True)
    (folder / "former").touch()
    return folder


def beside(folder):
    return sorted(path.relative_to(folder.parent).as_posix() for path in folder.parent.rglob("*"))


def test_a_new_folder_appears_with_its_parents(tmp_path):
    with replaced_folder(tmp_path / "a" / "b") as staged:
        (staged / "file").touch()
        assert not (tmp_path / "a" / "b").exists()
    assert beside(tmp_path / "a") == ["a", "a/b", "a/b/file"]


def test_a_former_folder_goes_with_all_that_it_held(folder):
    with replaced_folder(folder) as staged:
        (staged / "new").touch()
    assert beside(folder) == ["set", "set/new"]


def test_a_failure_leaves_the_former_folder(folder):
    with pytest.raises(FileNotFoundError), replaced_folder(folder) as staged:
        (staged / "new" / "deeper").touch()
    assert beside(folder) == ["set", "set/former"]


def test_a_failing_rename_brings_the_former_folder_back(folder, monkeypatch):
    rename = Path.rename

    def refuse_the_new_one(path, target):
        if (path / "new").exists():
            raise OSError("no")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_one)
    with pytest.raises(OSError, match="no"), replaced_folder(folder) as staged:
        (staged / "new").touch()
    assert beside(folder) == ["set", "set/former"]


DIES = """
import os, sys
from pathlib import Path
from storage.folders import held_folder
with held_folder(Path(sys.argv[1])) as folder:
    (folder / "maps").mkdir()
    os._exit(9)  # as if killed: nothing is tidied up
"""


def test_a_held_folder_is_gone_afterwards_also_after_a_failure(tmp_path):
    root = tmp_path / "a" / "b"
    with pytest.raises(FileNotFoundError), held_folder(root) as folder:
        (folder / "deep" / "deeper").mkdir()
    assert folder.parent == root
    assert list(root.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_others_hold_stays(tmp_path):
    words = [sys.executable, "-c", DIES, str(tmp_path / "root")]
    assert subprocess.run(words, check=False, timeout=60).returncode == 9
    (left,) = (tmp_path / "root").iterdir()
    assert (left / "maps").is_dir()
    begun = tmp_path / "root" / ("0" * 32)  # its removal was cut short
    begun.mkdir()
    (tmp_path / "root" / "checkpoint.safetensors").touch()
    with held_folder(tmp_path / "root") as first, held_folder(tmp_path / "root") as second:
        assert first.is_dir()
        assert not left.exists()
        assert not begun.exists()
        names = {first.name, second.name, "checkpoint.safetensors"}
        assert {path.name for path in (tmp_path / "root").iterdir()} == names


def test_without_locks_nothing_of_others_is_removed(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no locks here")

    other = tmp_path / "root" / ("0" * 32)
    other.mkdir(parents=True)
    monkeypatch.setattr(fcntl, "flock", refuse)
    with held_folder(tmp_path / "root") as folder:
        assert folder.is_dir()
    assert other.is_dir()


def test_a_folder_that_is_kept_stays_with_what_it_holds(folder):
    assert kept_folder(folder) == folder
    assert [path.name for path in kept_folder(folder).iterdir()] == ["former"]
    assert kept_folder(folder.parent / "a" / "b").is_dir()
    with pytest.raises(FileExistsError):
        kept_folder(folder / "former")
