import os

import pytest

from storage.datasets.fingerprint import fingerprint_files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.png").write_bytes(b"one")
    (tmp_path / "two.png").write_bytes(b"two")
    return tmp_path


def stamp(path, seconds):
    os.utime(path, ns=(seconds * 10**9, seconds * 10**9))


def test_the_fingerprint_is_stable_and_ignores_hidden_files(folder):
    before = fingerprint_files(folder)
    (folder / ".tmp-x").write_bytes(b"x")
    assert fingerprint_files(folder) == before


@pytest.mark.parametrize("change", ["touch", "grow", "rename", "add", "remove"])
def test_every_change_of_a_file_shows(folder, change):
    stamp(folder / "two.png", 1_000_000)
    before = fingerprint_files(folder)
    two = folder / "two.png"
    if change == "touch":
        stamp(two, 2_000_000)
    elif change == "grow":
        two.write_bytes(b"longer")
        stamp(two, 1_000_000)
    elif change == "rename":
        two.rename(folder / "three.png")
    elif change == "add":
        (folder / "a" / "new.png").write_bytes(b"")
    else:
        two.unlink()
    assert fingerprint_files(folder) != before


def test_links_that_lead_nowhere_or_back_do_not_stop_it(folder):
    before = fingerprint_files(folder)
    (folder / "dangling.png").symlink_to(folder / "gone.png")
    (folder / "a" / "loop").symlink_to(folder)
    assert fingerprint_files(folder) != before
