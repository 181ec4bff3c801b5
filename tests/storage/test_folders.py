"""A folder is replaced whole, or stays as it was."""

from pathlib import Path

import pytest

from storage.folders import replaced_folder


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
