"""A store on an object store, against a real server: what holds for a folder holds there too."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from upath import UPath

from storage.atomic import StoreRefusedError, create, write_atomically
from storage.blobs import DamagedBlobError, MissingBlobError
from storage.manifests.drafts import open_draft
from storage.manifests.manifest import DamagedPartError, Manifests, NoVersionError
from storage.manifests.vacuum import missing_blobs, orphan_blobs, vacuum
from storage.records import Quarantined
from storage.store import Store, open_store
from tests.storage.rows import Crop, crops
from tests.storage.writers import ROWS, readable, rows_of

REPOSITORY = Path(__file__).resolve().parents[2]
N_KILLS = 8


@pytest.fixture
def store(s3_root):
    opened = open_store(s3_root)
    manifests = Manifests(opened.root, tables={"crops": Crop, "quarantine": Quarantined})
    return Store(opened.root, manifests, opened.blobs)


def start(*words):
    command = [sys.executable, "-m", "tests.storage.writers", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True)


def wait_until(condition, timeout_s=60):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def files_in(root):
    place = UPath(root)
    return sorted(name.partition("/store/")[2] for name in place.fs.find(place.path))


def test_of_several_creates_of_one_file_the_first_stays(s3_root):
    create(UPath(s3_root) / "a" / "b", b"one")
    with pytest.raises(FileExistsError):
        create(UPath(s3_root) / "a" / "b", b"two")
    assert (UPath(s3_root) / "a" / "b").read_bytes() == b"one"
    write_atomically(UPath(s3_root) / "a" / "b", b"three")
    assert (UPath(s3_root) / "a" / "b").read_bytes() == b"three"


def test_a_file_that_goes_in_parts_is_created_once_too(s3_root, monkeypatch):
    place = UPath(s3_root) / "large"
    part_bytes = 5 * 2**20
    send = place.fs.pipe_file
    monkeypatch.setattr(
        place.fs, "pipe_file", lambda *a, **k: send(*a, chunksize=part_bytes, **k), raising=True
    )
    create(place, b"1" * (2 * part_bytes + 1))
    with pytest.raises(FileExistsError):
        create(place, b"2" * (2 * part_bytes + 1))
    assert place.fs.cat_file(place.path, start=0, end=2) == b"11"


def test_the_trial_of_the_store_leaves_nothing(s3_root):
    open_store(s3_root)
    assert files_in(s3_root) == []


def test_a_bucket_that_is_not_there_is_told_in_one_line(s3_server):
    with pytest.raises(StoreRefusedError, match="check that the bucket exists") as error:
        open_store("s3://no-such-bucket-of-ours/store")
    assert "\n" not in str(error.value)
    assert "secret-of-the-tests" not in str(error.value)


def test_versions_are_committed_read_and_kept(store):
    for generation in (1, 2, 3):
        assert store.manifests.commit("scenes", rows_of(generation)).version == generation
    row = Quarantined(item="more", status="bad_input", reason="4")
    store.manifests.append("scenes", {"quarantine": [row]})
    assert store.manifests.read("scenes", "quarantine").num_rows == ROWS + 1
    former = store.manifests.read("scenes", "quarantine", version=2)
    assert set(former.column("reason").to_pylist()) == {"2"}
    assert Manifests(store.root).version_numbers("scenes") == [1, 2, 3, 4]
    assert store.manifests.assets() == ["scenes"]
    with pytest.raises(NoVersionError, match="no version 9"):
        store.manifests.version("scenes", 9)


def test_blobs_are_put_once_and_checked(store):
    name = store.blobs.put_image(np.full((4, 5), 7, np.uint8))
    assert (store.blobs.get_image(name) == 7).all()
    path = store.blobs.path(name)
    before = path.fs.info(path.path)["LastModified"]
    assert store.blobs.put_image(np.full((4, 5), 7, np.uint8)) == name
    assert path.fs.info(path.path)["LastModified"] == before
    assert [blob.sha256 for blob in store.blobs] == [name]
    path.fs.pipe_file(path.path, b"other")
    with pytest.raises(DamagedBlobError, match=name):
        store.blobs.get(name)
    with pytest.raises(MissingBlobError, match="materialize"):
        store.blobs.get("0" * 64)
    assert not store.blobs.exists("0" * 64)
    weights = store.blobs.put(b"weights", ".safetensors")
    assert store.blobs.path(weights).name == f"{weights}.safetensors"


def test_a_draft_goes_on_and_ends_as_one_version(store):
    with open_draft(store.manifests, "bank", recipe="r") as draft:
        draft.add("a", {"crops": crops(None)})
    with open_draft(store.manifests, "bank", recipe="r") as draft:
        assert draft.finished == {"a"}
        draft.add("b", {"crops": crops(None, None)})
        assert draft.commit().rows("crops") == 3
    assert [name for name in files_in(store.root) if "drafts" in name] == []


def test_vacuum_takes_what_nobody_needs_and_no_more(store, monkeypatch):
    names = [store.blobs.put_image(np.full((2, 2), value, np.uint8)) for value in range(3)]
    for number in range(3):
        store.manifests.commit("bank", {"crops": crops(names[number])})

    def killed(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store.manifests, "_create", killed)
        with pytest.raises(KeyboardInterrupt):
            store.manifests.commit("bank", {"crops": crops(None, None)})
    assert store.manifests.latest_number("bank") == 3
    assert len([name for name in files_in(store.root) if "/parts/" in name]) == 4
    kept = vacuum(store.manifests, store.blobs, keep_versions=1, min_age_s=3600.0)
    assert (kept.parts, kept.blobs) == (0, 0), "what is young may be about to be committed"
    report = vacuum(store.manifests, store.blobs, keep_versions=1, min_age_s=0.0)
    assert (report.pointers, report.parts, report.blobs) == (2, 3, 2)
    assert [blob.sha256 for blob in store.blobs] == names[2:]
    assert missing_blobs(store.manifests, store.blobs, "bank") == []
    assert not orphan_blobs(store.manifests, store.blobs, min_age_s=0.0)
    assert store.manifests.read("bank", "crops").num_rows == 1


def test_a_damaged_part_is_named(store):
    store.manifests.commit("scenes", rows_of(1))
    (part,) = [name for name in files_in(store.root) if "/parts/" in name]
    write_atomically(store.root / part, b"cut off")
    with pytest.raises(DamagedPartError, match=r"need \d+ bytes, got 7"):
        store.manifests.read("scenes", "quarantine")


@pytest.mark.slow
def test_two_writers_that_append_keep_every_row(s3_root, tmp_path):
    go, n_rows = tmp_path / "go", 20
    writers = [start("append_rows", s3_root, name, n_rows, go) for name in ("left", "right")]
    wait_until(lambda: len(list(tmp_path.glob("go-*"))) == 2)
    go.touch()
    assert [json.loads(writer.communicate(timeout=120)[0]) for writer in writers] == ["done"] * 2
    found = Manifests(s3_root).read("scenes", "quarantine").column("item").to_pylist()
    assert found == [f"{name}-{n:03d}" for name in ("left", "right") for n in range(n_rows)]


def test_of_two_writers_from_one_version_one_wins_and_the_other_is_told(s3_root, tmp_path):
    go = tmp_path / "go"
    Manifests(s3_root).commit("scenes", rows_of("first"))
    writers = [start("commit_once", s3_root, name, 1, go) for name in ("left", "right")]
    wait_until(lambda: len(list(tmp_path.glob("go-*"))) == 2)
    go.touch()
    answers = [json.loads(writer.communicate(timeout=120)[0]) for writer in writers]
    assert sorted(outcome for outcome, _ in answers) == ["conflict", "won"]
    assert readable(s3_root)[0] == 2


@pytest.mark.slow
def test_a_writer_killed_at_random_moments_loses_nothing(s3_root, tmp_path):
    moments, log = random.Random(7), tmp_path / "log"
    log.touch()
    nursery = start("breed_writers", s3_root, log)
    for n_before in range(N_KILLS):
        print("writer", file=nursery.stdin, flush=True)
        writer = int(nursery.stdout.readline())
        wait_until(lambda n=n_before: log.read_text().count("started") > n)
        time.sleep(moments.uniform(0, 0.15))
        os.kill(writer, signal.SIGKILL)
        wait_until(lambda process=writer: not Path(f"/proc/{process}").exists())
        number, generations, n_rows = readable(s3_root)
        acknowledged = max(int(n) for n in log.read_text().split() if n != "started")
        assert n_rows == ROWS
        assert generations == [str(number)]
        assert number in (acknowledged, acknowledged + 1)
    nursery.communicate()
    for version in Manifests(s3_root).versions("scenes"):
        reasons = Manifests(s3_root).read("scenes", "quarantine", version=version.version)
        assert set(reasons.column("reason").to_pylist()) == {str(version.version)}


def test_a_report_lies_beside_and_is_replaced(store):
    store.write_report("bank/a.html", b"former")
    path = store.write_report("bank/a.html", b"<html>")
    assert str(path) == f"{store.root}/reports/bank/a.html"
    assert path.read_bytes() == b"<html>"
