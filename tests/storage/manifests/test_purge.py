"""What an unfinished purge wrote down is followed, and nothing else is removed by it."""

import json

import numpy as np
import pytest

from storage.manifests.drafts import open_draft
from storage.manifests.inventory import draft_folder, take_inventory
from storage.manifests.manifest import Manifests
from storage.manifests.purge import DamagedPurgeError, PurgeReport, finish_purges, purge
from storage.manifests.references import blobs_of_drafts
from storage.store import Store, open_store
from tests.storage.rows import Crop, crops


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "store")
    manifests = Manifests(str(tmp_path / "store"), tables={"crops": Crop})
    return Store(opened.root, manifests, opened.blobs)


def write_paper(store, **wanted):
    folder = store.root / "purges"
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"pointers": [], "parts": [], "blobs": [], **wanted})
    (folder / "0123.json").write_text(content)


def test_a_version_goes_with_its_blob(store):
    name = store.blobs.put_image(np.zeros((2, 2), np.uint8))
    version = store.manifests.commit("bank", {"crops": crops(name)})
    store.manifests.commit("bank", {"crops": crops(None)})
    report = purge(store.manifests, store.blobs, versions=[version], suspects=[name])
    assert (report.versions, report.parts, report.blobs) == (1, 1, 1)
    assert store.manifests.version_numbers("bank") == [2]
    assert not store.blobs.exists(name)


def test_another_version_of_the_same_number_stays(store):
    version = store.manifests.commit("bank", {"crops": crops(None)})
    write_paper(store, pointers=[["bank", version.partition, 1, "0" * 64]])
    assert finish_purges(store.manifests, store.blobs) == PurgeReport()
    assert store.manifests.version_numbers("bank") == [1]


@pytest.mark.parametrize("path", ["../../../thesis.tex", "/thesis.tex"])
def test_files_outside_the_store_are_never_removed(store, tmp_path, path):
    (tmp_path / "thesis.tex").write_text("years of work")
    write_paper(store, parts=[["bank", "all", path]])
    with pytest.raises(DamagedPurgeError, match=r"0123\.json.*a file outside the store"):
        finish_purges(store.manifests, store.blobs)
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.parametrize("wanted", [{"parts": 3}, {"pointers": [["bank"]]}, {"blobs": None}])
def test_a_damaged_paper_is_named_with_what_to_do(store, wanted):
    write_paper(store, **wanted)
    with pytest.raises(DamagedPurgeError, match="remove the file, then run"):
        finish_purges(store.manifests, store.blobs)


def test_a_draft_goes_with_the_blob_that_only_it_names(store):
    gone, shared = (store.blobs.put_image(np.full((2, 2), n, np.uint8)) for n in (1, 2))
    for recipe, name in (("one", gone), ("two", shared)):
        with open_draft(store.manifests, "bank", recipe=recipe) as draft:
            draft.add("item", {"crops": crops(name)})
    key, other = sorted(
        take_inventory(store.manifests).drafts,
        key=lambda key: gone not in blobs_of_drafts([draft_folder(store.manifests, key)]),
    )
    work = {"versions": [], "suspects": [gone, shared], "drafts": [key, ("bank", "all", "..")]}
    report = purge(store.manifests, store.blobs, **work)
    assert (report.drafts, report.blobs, report.shared_blobs) == (1, 1, 1)
    assert set(take_inventory(store.manifests).drafts) == {other}
    assert store.blobs.exists(shared)
    assert not store.blobs.exists(gone)
    assert purge(store.manifests, store.blobs, **work).drafts == 0
