"""Files that a person brings along."""

import hashlib
import shutil
from dataclasses import replace

import pytest

from storage.fetching.by_hand import take_in
from storage.fetching.connection import FetchError
from storage.fetching.contents import WrongContentError
from storage.fetching.lock_file import read_lock
from storage.fetching.sources import Kind
from tests.storage.fetching.conftest import N_BYTES
from tests.storage.fetching.hub import content

TARGET = "generator/weights.pth"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "offline").mkdir()
    return tmp_path / "offline"


@pytest.fixture
def given(tmp_path):
    (tmp_path / "given").mkdir()
    return tmp_path / "given"


def test_a_fetched_folder_brings_its_lock(tmp_path, folder, hub, fetch):
    fetch()
    online = tmp_path / "models"
    (brought,) = take_in(folder, online, [hub.source()], update=False)
    assert brought.entry.checked_by == "SHA-256"
    assert (folder / TARGET).read_bytes() == content(N_BYTES)
    assert (folder / "fetch.lock.json").read_bytes() == (online / "fetch.lock.json").read_bytes()


def test_bytes_that_were_damaged_on_the_way_are_refused(tmp_path, folder, hub, fetch):
    fetch()
    (tmp_path / "models" / TARGET).write_bytes(content(N_BYTES, seed=1))
    with pytest.raises(WrongContentError, match=r"need SHA-256 .*as fetch\.lock\.json says"):
        take_in(folder, tmp_path / "models", [hub.source()], update=False)
    assert not (folder / TARGET).exists()
    assert read_lock(folder) == {}
    assert [path.name for path in (folder / "generator").iterdir()] == []


def test_a_bare_file_is_written_down_as_compared_with_nothing(
    folder, given, hub, fetch, connection
):
    (given / "weights.pth").write_bytes(content(N_BYTES))
    (brought,) = take_in(folder, given, [hub.source()], update=False)
    assert brought.entry.checked_by == "nothing"
    assert brought.entry.revision is None
    assert (given / "weights.pth").exists()
    shutil.move(folder, folder.with_name("models"))
    assert fetch() == []
    assert read_lock(folder.with_name("models"))[TARGET].checked_by == "SHA-256"
    assert read_lock(folder.with_name("models"))[TARGET].revision == "1" * 40


def test_a_bare_file_that_proves_wrong_is_refused_by_the_next_fetch(folder, given, hub, fetch):
    (given / "weights.pth").write_bytes(b"something else")
    take_in(folder, given, [hub.source()], update=False)
    shutil.move(folder, folder.with_name("models"))
    with pytest.raises(FetchError, match=r"holds SHA-256 .* and published is"):
        fetch()
    fetch(update=True)
    assert (folder.with_name("models") / TARGET).read_bytes() == content(N_BYTES)


def test_the_hash_in_a_name_is_compared(folder, given, hub):
    name = f"sam_{hashlib.md5(b'sam').hexdigest()[:6]}.pth"
    source = hub.source(name, kind=Kind.HTTPS, repository=f"{hub.endpoint}/files")
    (given / name).write_bytes(b"SAM")
    with pytest.raises(WrongContentError, match="need an MD5 that begins with"):
        take_in(folder, given, [source], update=False)
    (given / name).write_bytes(b"sam")
    (brought,) = take_in(folder, given, [source], update=False)
    assert brought.entry.checked_by == "6 digits of the MD5"


def test_the_own_lock_counts_more_than_the_given_one(folder, given, hub):
    (given / "weights.pth").write_bytes(b"one")
    take_in(folder, given, [hub.source()], update=False)
    (given / "weights.pth").write_bytes(b"two")
    with pytest.raises(WrongContentError, match="need SHA-256"):
        take_in(folder, given, [hub.source()], update=False)
    take_in(folder, given, [hub.source()], update=True)
    assert (folder / TARGET).read_bytes() == b"two"


def test_files_in_their_own_folder_are_written_down(folder, hub):
    (folder / "generator").mkdir()
    (folder / TARGET).write_bytes(b"one")
    take_in(folder, folder, [hub.source()], update=False)
    assert (folder / TARGET).read_bytes() == b"one"
    assert list(read_lock(folder)) == [TARGET]


def test_what_is_there_is_taken_and_nothing_at_all_is_refused(folder, given, hub):
    with pytest.raises(
        FetchError,
        match=r"need one or more of generator/weights\.pth, generator/b\.pth; found none",
    ):
        take_in(folder, given, [hub.source(), hub.source("b.pth")], update=False)
    (given / "b.pth").write_bytes(b"b")
    brought = take_in(folder, given, [hub.source(), hub.source("b.pth")], update=False)
    assert [file.file.path for file in brought] == ["b.pth"]


def test_a_bare_name_that_many_files_have_is_not_enough(folder, given, hub):
    source = replace(hub.source("config.json"), target="generator/bundle/unet/config.json")
    (given / "config.json").write_bytes(b"{}")
    with pytest.raises(FetchError, match="found none of them"):
        take_in(folder, given, [source], update=False)
    (given / "generator/bundle/unet").mkdir(parents=True)
    shutil.move(given / "config.json", given / source.target)
    take_in(folder, given, [source], update=False)
    assert (folder / source.target).read_bytes() == b"{}"
