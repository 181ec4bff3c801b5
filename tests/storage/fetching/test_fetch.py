"""What is on disk after a fetch, whatever happens on the way."""

import hashlib
import json
import os
import shutil
from dataclasses import replace

import pytest

from storage.fetching.connection import FetchError, UnreachableError
from storage.fetching.contents import WrongContentError
from storage.fetching.fetch import held_alone, verify
from storage.fetching.plan import plan_fetch
from storage.fetching.published import ask_all
from storage.fetching.sources import Kind
from tests.storage.fetching.conftest import N_BYTES
from tests.storage.fetching.hub import FakeHub, Repository, content, serving

TARGET = "generator/weights.pth"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


def names(folder):
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".fetch.running"
    )


def lock(folder):
    return json.loads((folder / "fetch.lock.json").read_text())


def test_a_file_is_fetched_and_written_down(folder, hub, fetch):
    told = fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)
    assert names(folder) == ["fetch.lock.json", TARGET]
    assert lock(folder) == {
        "format": 1,
        "files": {
            TARGET: {
                "repository": "org/name",
                "path": "weights.pth",
                "revision": "1" * 40,
                "size": N_BYTES,
                "sha256": hashlib.sha256(content(N_BYTES)).hexdigest(),
                "license": "openrail",
                "checked_by": "SHA-256",
            }
        },
    }
    assert told[0] == (TARGET, 0, N_BYTES)
    assert told[-1] == (TARGET, N_BYTES, N_BYTES)


def test_what_is_here_is_not_fetched_again(folder, hub, fetch):
    fetch()
    before = (folder / "fetch.lock.json").read_bytes()
    assert fetch() == []
    assert len(hub.requests) == 1
    assert (folder / "fetch.lock.json").read_bytes() == before


def test_a_transfer_that_breaks_off_goes_on_where_it_was(folder, hub, fetch):
    hub.cuts["weights.pth"] = [300_000, 0, 100_000]
    fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)
    starts = [0, *(int(spec[6:-1]) for spec in hub.ranges("weights.pth")[1:])]
    assert starts == [0, 300_000, 300_000, 400_000]


def test_one_that_is_given_up_keeps_its_bytes_for_the_next(folder, hub, fetch):
    hub.cuts["weights.pth"] = [300_000, 0, 0, 0]
    with pytest.raises(UnreachableError, match=r"300\.00 kB of 900\.00 kB are here and stay"):
        fetch()
    (partial,) = [name for name in names(folder) if name != "fetch.lock.json"]
    assert partial.startswith(TARGET)
    assert partial.endswith(".partial")
    told = fetch()
    assert told[0] == (TARGET, 300_000, N_BYTES)
    assert hub.ranges("weights.pth")[-1] == "bytes=300000-"
    assert names(folder) == ["fetch.lock.json", TARGET]


def test_errors_that_may_pass_are_tried_again(folder, hub, fetch):
    hub.statuses["weights.pth"] = [503, 429]
    fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)


def test_without_ranges_it_begins_anew(folder, hub, fetch):
    hub.has_ranges = False
    hub.cuts["weights.pth"] = [300_000]
    fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)


def test_a_range_that_is_refused_begins_anew(folder, hub, fetch):
    hub.cuts["weights.pth"] = [300_000]
    hub.statuses["weights.pth"] = [200, 416]
    fetch()
    assert hub.ranges("weights.pth") == [None, "bytes=300000-", None]
    assert (folder / TARGET).read_bytes() == content(N_BYTES)


@pytest.mark.parametrize("n_bytes", [N_BYTES, N_BYTES + 1, N_BYTES - 1])
def test_an_answer_without_a_length_is_counted(folder, hub, fetch, n_bytes):
    hub.has_length = False
    hub.repositories["org/name"].served["weights.pth"] = content(n_bytes)
    if n_bytes == N_BYTES:
        fetch()
        assert (folder / TARGET).read_bytes() == content(N_BYTES)
        return
    with pytest.raises(FetchError, match="got more" if n_bytes > N_BYTES else "broke off"):
        fetch()
    assert not (folder / TARGET).exists()


def test_wrong_bytes_are_removed_and_named(folder, hub, fetch):
    hub.repositories["org/name"].served["weights.pth"] = content(N_BYTES, seed=1)
    need = hashlib.sha256(content(N_BYTES)).hexdigest()
    with pytest.raises(WrongContentError, match=f"need SHA-256 {need}, got .*were removed"):
        fetch()
    assert names(folder) == []
    hub.repositories["org/name"].served.clear()
    fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)


@pytest.mark.parametrize("n_bytes", [N_BYTES - 1, N_BYTES + 1])
def test_a_wrong_size_is_told_before_the_transfer(folder, hub, fetch, n_bytes):
    hub.repositories["org/name"].served["weights.pth"] = content(n_bytes)
    with pytest.raises(
        WrongContentError, match=f"need {N_BYTES} bytes, got an answer of {n_bytes}"
    ):
        fetch()
    assert names(folder) == []


def test_small_files_are_compared_with_what_git_says(folder, hub, fetch):
    repository = hub.repositories["org/name"]
    repository.files["config.json"], repository.small = b"{}", {"config.json"}
    source = hub.source("config.json")
    repository.served["config.json"] = b"[]"
    with pytest.raises(WrongContentError, match="need a SHA-1 of git 9e26dfee"):
        fetch(source)
    repository.served.clear()
    fetch(source)
    entry = lock(folder)["files"]["generator/config.json"]
    assert entry["checked_by"] == "size and git's SHA-1"
    assert entry["sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert fetch(source) == []


def test_an_empty_file_is_a_file(folder, hub, fetch):
    repository = hub.repositories["org/name"]
    repository.files["empty.txt"], repository.small = b"", {"empty.txt"}
    fetch(hub.source("empty.txt"))
    assert (folder / "generator/empty.txt").read_bytes() == b""


def test_a_new_revision_needs_consent(folder, hub, fetch):
    fetch()
    repository = hub.repositories["org/name"]
    repository.revision, repository.files["weights.pth"] = "2" * 40, content(N_BYTES, seed=1)
    with pytest.raises(
        FetchError, match=f"pins org/name at {'1' * 40}.*now at {'2' * 40}.*--update"
    ):
        fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)
    fetch(update=True)
    assert (folder / TARGET).read_bytes() == content(N_BYTES, seed=1)
    assert lock(folder)["files"][TARGET]["revision"] == "2" * 40


def test_a_new_revision_with_the_same_bytes_transfers_nothing(folder, hub, fetch):
    fetch()
    hub.repositories["org/name"].revision = "2" * 40
    assert fetch(update=True) == []
    assert lock(folder)["files"][TARGET]["revision"] == "2" * 40


def test_an_update_that_breaks_off_leaves_the_former_file(folder, hub, fetch):
    fetch()
    repository = hub.repositories["org/name"]
    repository.revision, repository.files["weights.pth"] = "2" * 40, content(N_BYTES, seed=1)
    hub.cuts["weights.pth"] = [500_000, 0, 0, 0]
    with pytest.raises(UnreachableError):
        fetch(update=True)
    assert (folder / TARGET).read_bytes() == content(N_BYTES)
    assert verify(folder, [hub.source()], lambda *step: None) == 1
    fetch(update=True)
    assert (folder / TARGET).read_bytes() == content(N_BYTES, seed=1)
    assert len(names(folder)) == 2


def test_another_hash_at_the_same_revision_is_refused(folder, hub, fetch):
    fetch()
    hub.repositories["org/name"].files["weights.pth"] = content(N_BYTES, seed=1)
    with pytest.raises(FetchError, match=r"holds SHA-256 .* and published is"):
        fetch()


def test_a_lock_alone_pins_what_another_machine_fetches(tmp_path, folder, hub, fetch):
    fetch()
    shutil.rmtree(folder / "generator")
    fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)


def test_a_file_that_was_placed_by_hand_is_compared_and_taken(folder, hub, fetch):
    (folder / "generator").mkdir(parents=True)
    (folder / TARGET).write_bytes(content(N_BYTES))
    assert fetch() == []
    assert hub.requests == []
    assert lock(folder)["files"][TARGET]["checked_by"] == "SHA-256"


def test_another_file_in_its_place_is_not_touched(folder, hub, fetch):
    (folder / "generator").mkdir(parents=True)
    (folder / TARGET).write_bytes(b"mine")
    with pytest.raises(FetchError, match=r"is not the published file \(need 900000 bytes, got 4\)"):
        fetch()
    assert (folder / TARGET).read_bytes() == b"mine"
    assert names(folder) == [TARGET]


def test_a_locked_file_that_was_cut_off_is_fetched_again(folder, hub, fetch):
    fetch()
    os.truncate(folder / TARGET, 1000)
    fetch()
    assert (folder / TARGET).read_bytes() == content(N_BYTES)


def test_verify_finds_what_a_glance_does_not(folder, hub, fetch):
    fetch()
    (folder / TARGET).write_bytes(content(N_BYTES, seed=1))
    assert fetch() == []
    with pytest.raises(
        FetchError, match=f"1 of 1 files are not as it says.*{TARGET}: need SHA-256"
    ):
        verify(folder, [hub.source()], lambda *step: None)
    (folder / TARGET).unlink()
    with pytest.raises(FetchError, match=f"{TARGET}: is gone"):
        verify(folder, [hub.source()], lambda *step: None)


def test_a_token_is_not_passed_on_to_the_storage(folder, hub, fetch, connection):
    with serving(FakeHub()) as storage:
        storage.repositories = hub.repositories
        hub.redirects_to = storage.endpoint
        fetch(connection=replace(connection, token="secret"))
        assert storage.requests == [("weights.pth", None, None)]
    assert (folder / TARGET).read_bytes() == content(N_BYTES)
    hub.redirects_to = ""
    shutil.rmtree(folder)
    fetch(connection=replace(connection, token="secret"))
    assert hub.requests == [("weights.pth", None, "Bearer secret")]


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_repository_says_what_to_do(hub, fetch, status):
    hub.repositories["org/name"].denied = status
    with pytest.raises(FetchError, match=f"answered {status}.*set HF_TOKEN"):
        fetch()


def test_a_repository_that_is_gone_is_named(hub, fetch):
    with pytest.raises(FetchError, match=r"/api/models/org/other/.*answered 404"):
        fetch(hub.source(repository="org/other"))


def test_a_file_that_is_gone_is_named_with_what_is_there(hub, fetch):
    with pytest.raises(FetchError, match=r"need other\.pth in org/name, found weights\.pth"):
        fetch(hub.source("other.pth"))


def test_a_transfer_goes_on_behind_a_redirect(folder, hub, fetch):
    with serving(FakeHub()) as storage:
        storage.repositories, storage.cuts = hub.repositories, {"weights.pth": [300_000]}
        hub.redirects_to = storage.endpoint
        fetch()
        assert storage.ranges("weights.pth") == [None, "bytes=300000-"]
    assert (folder / TARGET).read_bytes() == content(N_BYTES)


def test_a_data_set_has_its_own_route(folder, hub, fetch):
    hub.repositories["datasets/org/set"] = Repository({"set of images.zip": b"zip"})
    fetch(hub.source("set of images.zip", kind=Kind.HUB_DATASET, repository="org/set"))
    assert (folder / "generator/set of images.zip").read_bytes() == b"zip"


def test_a_plain_address_is_compared_with_the_hash_in_its_name(folder, hub, fetch):
    name = f"sam_{hashlib.md5(b'sam').hexdigest()[:6]}.pth"
    hub.addresses[f"files/{name}"] = b"sam"
    source = hub.source(name, kind=Kind.HTTPS, repository=f"{hub.endpoint}/files")
    fetch(source)
    entry = lock(folder)["files"][f"generator/{name}"]
    assert entry["revision"] is None
    assert entry["license"] == "known license"
    assert entry["checked_by"] == "size and 6 digits of the MD5"
    n_requests = len(hub.requests)
    assert fetch(source) == []
    assert len(hub.requests) == n_requests + 1
    hub.addresses[f"files/{name}"] = b"SAM"
    (folder / "generator" / name).unlink()
    with pytest.raises(WrongContentError, match="need SHA-256"):
        fetch(source)
    with pytest.raises(WrongContentError, match="need an MD5 that begins with"):
        fetch(source, update=True)


def test_a_partial_file_of_another_content_is_not_continued(folder, hub, fetch):
    name = f"sam_{hashlib.md5(content(N_BYTES)).hexdigest()[:6]}.pth"
    source = hub.source(name, kind=Kind.HTTPS, repository=f"{hub.endpoint}/files")
    hub.addresses[f"files/{name}"] = content(N_BYTES, seed=1)
    hub.cuts[f"files/{name}"] = [N_BYTES, 300_000, 0, 0, 0]
    with pytest.raises(UnreachableError):
        fetch(source)
    hub.addresses[f"files/{name}"], hub.etag = content(N_BYTES), '"2"'
    fetch(source)
    assert (folder / "generator" / name).read_bytes() == content(N_BYTES)
    assert names(folder) == ["fetch.lock.json", f"generator/{name}"]


def test_a_full_disk_is_told_before_the_transfer(folder, hub, fetch, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(FetchError, match=r"need 900\.00 kB of free space, found 1\.00 kB"):
        fetch()
    assert hub.requests == []
    assert names(folder) == []


def test_a_disk_that_fills_up_is_told(folder, hub, fetch, connection):
    (published,) = ask_all(connection, [hub.source()])
    folder.mkdir()
    (missing,) = plan_fetch(folder, [published], update=False).missing
    missing.partial.parent.mkdir()
    missing.partial.symlink_to("/dev/full")
    with pytest.raises(FetchError, match="no room on the disk"):
        fetch()


def test_a_second_fetch_waits_outside(folder, hub, fetch):
    with held_alone(folder), pytest.raises(FetchError, match="another fetch is at work"):
        fetch()
    fetch()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"format": 2, "files": {}}', '{"format": 1, "files": {"a": {}}}'],
)
def test_a_damaged_lock_is_refused(folder, hub, fetch, text):
    folder.mkdir()
    (folder / "fetch.lock.json").write_text(text)
    with pytest.raises(FetchError, match=r"fetch\.lock\.json: need a lock file of format 1"):
        fetch()
    assert (folder / "fetch.lock.json").read_text() == text


@pytest.mark.parametrize(("name", "value"), [("size", "900000"), ("path", None), ("sha256", "")])
def test_a_lock_entry_that_cannot_be_is_refused(folder, hub, fetch, name, value):
    fetch()
    changed = lock(folder)
    changed["files"][TARGET][name] = value
    (folder / "fetch.lock.json").write_text(json.dumps(changed))
    with pytest.raises(FetchError, match=f"an entry whose {name} cannot be"):
        fetch()


def test_one_place_is_not_for_two_sources(hub, fetch):
    fetch()
    hub.repositories["org/other"] = hub.repositories["org/name"]
    with pytest.raises(FetchError, match=r"holds weights\.pth of org/name as generator/weights"):
        fetch(hub.source(repository="org/other"))


def test_what_is_done_stays_done_when_the_next_file_fails(folder, hub, fetch):
    hub.repositories["org/name"].files["more.pth"] = b"more"
    hub.repositories["org/name"].served["more.pth"] = b"MORE"
    with pytest.raises(WrongContentError):
        fetch(hub.source(), hub.source("more.pth"))
    assert list(lock(folder)["files"]) == [TARGET]
    assert names(folder) == ["fetch.lock.json", TARGET]
