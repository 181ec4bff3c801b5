import os
import time

import numpy as np
import pytest
from upath import UPath

from storage.manifests.drafts import open_draft
from storage.manifests.manifest import DamagedPartError, Manifests, NoVersionError
from storage.manifests.vacuum import missing_blobs, orphan_blobs, vacuum
from storage.records import Quarantined
from storage.store import Store, open_store
from tests.fakes import fake_stores
from tests.storage.rows import Crop, crops

DAY_S = 86400.0


@pytest.fixture(params=["folder", "memory", "honest"])
def store(request, tmp_path):
    with fake_stores():
        root = UPath(tmp_path if request.param == "folder" else f"{request.param}://store")
        opened = open_store(root)
        manifests = Manifests(root, tables={"crops": Crop, "quarantine": Quarantined})
        yield Store(opened.root, manifests, opened.blobs)
        if request.param == "memory":
            root.fs.store.clear()


def put(store, value):
    return store.blobs.put_image(np.full((2, 2), value, np.uint8))


def sweep(store, keep_versions=1, min_age_s=0.0):
    return vacuum(store.manifests, store.blobs, keep_versions=keep_versions, min_age_s=min_age_s)


def test_old_versions_go_with_their_parts_and_blobs(store):
    names = [put(store, value) for value in range(4)]
    for number in range(4):
        store.manifests.commit("bank", {"crops": crops(names[number])})
    report = sweep(store, keep_versions=2)
    assert (report.pointers, report.parts, report.blobs) == (2, 2, 2)
    assert report.freed_bytes > 0
    assert store.manifests.version_numbers("bank") == [3, 4]
    assert {blob.sha256 for blob in store.blobs} == set(names[2:])
    assert store.manifests.read("bank", "crops", version=3).num_rows == 1
    with pytest.raises(NoVersionError, match=r"no version 2; kept versions: \[3, 4\]"):
        store.manifests.version("bank", 2)
    assert store.manifests.commit("bank", {"crops": []}).version == 5


def test_parts_and_blobs_that_a_kept_version_shares_stay(store):
    name, second = put(store, 1), put(store, 2)
    store.manifests.commit("bank", {"crops": crops(name)})
    store.manifests.append("bank", {"crops": crops(None, second)})
    store.manifests.commit("other", {"crops": crops(None)}, partition="a|b")
    report = sweep(store)
    assert (report.pointers, report.parts, report.blobs) == (1, 0, 0)
    assert store.manifests.read("bank", "crops").num_rows == 3
    assert missing_blobs(store.manifests, store.blobs, "bank") == []


def test_nothing_young_is_touched(store):
    put(store, 1)
    for _ in range(3):
        store.manifests.commit("bank", {"crops": []})
    report = sweep(store, min_age_s=DAY_S)
    assert report.freed_bytes == report.pointers == report.blobs == 0
    assert store.manifests.version_numbers("bank") == [1, 2, 3]


def test_drafts_keep_their_blobs_until_they_are_stale(store):
    name = put(store, 1)
    with open_draft(store.manifests, "bank", recipe="r") as draft:
        draft.add("one", {"crops": crops(name)})
    assert orphan_blobs(store.manifests, store.blobs, min_age_s=0.0) == []
    assert sweep(store, min_age_s=DAY_S).drafts == 0
    report = sweep(store)
    assert (report.drafts, report.blobs) == (1, 1)
    with open_draft(store.manifests, "bank", recipe="r") as draft:
        assert not draft.finished


def test_an_active_draft_keeps_old_blobs(tmp_path):
    manifests = Manifests(str(tmp_path), tables={"crops": Crop})
    blobs = open_store(tmp_path).blobs
    name = blobs.put(b"crop")
    os.utime(blobs.path(name), (0, 0))
    with open_draft(manifests, "bank", recipe="r") as draft:
        draft.add("one", {"crops": crops(name)})
    assert vacuum(manifests, blobs, keep_versions=1, min_age_s=60.0).blobs == 0
    assert blobs.exists(name)


def test_orphan_and_missing_blobs_are_named(store):
    kept, orphan, lost = put(store, 1), put(store, 2), put(store, 3)
    store.manifests.commit("bank", {"crops": crops(kept, lost)}, partition="p")
    store.blobs.path(lost).unlink()
    assert orphan_blobs(store.manifests, store.blobs, min_age_s=0.0) == [orphan]
    assert orphan_blobs(store.manifests, store.blobs, min_age_s=DAY_S) == []
    assert missing_blobs(store.manifests, store.blobs, "bank", "p") == [lost]


def test_unfinished_files_go(tmp_path):
    store = open_store(tmp_path)
    store.manifests.commit("scenes", {"quarantine": []})
    store.blobs.put(b"x")
    for folder in {path.parent for path in tmp_path.rglob("*") if path.is_file()}:
        (folder / ".tmp-1").write_bytes(b"abc")
    unfinished = list(tmp_path.rglob(".tmp-*"))
    assert sweep(store, min_age_s=DAY_S).temporary_files == 0
    assert sweep(store).temporary_files == len(unfinished) == 2
    assert not list(tmp_path.rglob(".tmp-*"))


def test_what_vacuum_does_not_know_stays(tmp_path):
    store = open_store(tmp_path)
    store.manifests.commit("scenes", {"quarantine": []})
    store.blobs.put(b"x")
    for path in ("manifests/notes.txt", "manifests/scenes/all/versions/x.json", "blobs/me.png"):
        (tmp_path / path).write_text("mine")
    os.utime(tmp_path / "manifests/notes.txt", (time.time() - DAY_S,) * 2)
    sweep(store)
    assert (tmp_path / "manifests/notes.txt").exists()
    assert (tmp_path / "manifests/scenes/all/versions/x.json").exists()
    assert (tmp_path / "blobs/me.png").exists()
    assert store.manifests.version_numbers("scenes") == [1]


def test_nothing_is_removed_when_something_kept_cannot_be_read(tmp_path):
    manifests = Manifests(str(tmp_path), tables={"crops": Crop})
    blobs = open_store(tmp_path).blobs
    blobs.put(b"orphan")
    for number in range(3):
        manifests.commit("bank", {"crops": crops(str(number) * 64)})
    last = manifests.latest("bank").tables["crops"].parts[0].path
    (tmp_path / "manifests" / "bank" / "all" / last).write_bytes(b"")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DamagedPartError, match=r"need \d+ bytes, got 0"):
        vacuum(manifests, blobs, keep_versions=1, min_age_s=0.0)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("keep_versions", "min_age_s"), [(0, 1.0), (1, -1.0)])
def test_impossible_orders_are_refused(store, keep_versions, min_age_s):
    with pytest.raises(ValueError, match="need keep_versions >= 1 and min_age_s >= 0"):
        sweep(store, keep_versions, min_age_s)
