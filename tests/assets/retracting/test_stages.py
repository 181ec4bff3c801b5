"""Each stage leaves out what is retracted when it is materialized next; nothing else changes."""

import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from assets.object_bank import bank as bank_module
from assets.object_bank.bank import build_bank
from assets.object_bank.config import OodObjectsConfig
from assets.object_bank.order import plan_bank
from assets.partitions import ScenePartition
from assets.retracting.leaving_out import is_emptied, keeps_place, leave_out_objects
from assets.retracting.retractions import read_retracted, record_retraction
from assets.retracting.sources import Retracted
from assets.scenes.config import SceneRequestsConfig
from assets.scenes.order import plan_scenes
from assets.scenes.requests import commit_requests
from models.object_bank import find_doubles
from storage.manifests.references import blobs_of_versions
from storage.records import ClassCount, OodObject
from storage.scene_records import SceneRequest
from tests.assets.conftest import data_root as objects_root
from tests.assets.conftest import resources as objects_resources
from tests.assets.scenes.conftest import data_root as streets_root
from tests.assets.scenes.conftest import resources as streets_resources

__all__ = ["objects_resources", "objects_root", "streets_resources", "streets_root"]
IMAGE = "ade20k/ADE_train_00000001"


def build(resources, store):
    order = plan_bank(OodObjectsConfig(), resources["data"], resources["store"])
    return build_bank(order, store, resources["engine"], run_id="run")


def bank_rows(store):
    return store.manifests.read_records("ood_objects", "ood_objects", OodObject)


@pytest.fixture
def bank(tmp_path, request):
    root = objects_root.__wrapped__(tmp_path)
    resources = objects_resources.__wrapped__(tmp_path, root)
    return resources, resources["store"].open()


AGAIN = "ade20k_challenge/ADE_train_00000001/20_1"
"""The chair of the image in its other form, which the bank rejects as a double."""


@pytest.mark.parametrize("source", [IMAGE, f"{IMAGE}/1", AGAIN, "coco/000000000001"])
def test_the_bank_is_the_same_whether_cut_again_or_not(bank, source, monkeypatch):
    resources, store = bank
    first = build(resources, store)
    before = {row.object_id: row for row in bank_rows(store)}
    record_retraction(source, store, reason="withdrawn", by="ada")
    monkeypatch.setattr(bank_module, "cut_objects", None)  # nothing is cut
    second = build(resources, store)
    monkeypatch.undo()
    after = {row.object_id: row for row in bank_rows(store)}
    retracted = Retracted(frozenset({source}))
    named = {name for name in before if retracted.has_object(name)}
    crops = {before[name].crop_sha256 for name in named} - {None}
    gone = named | find_doubles(before.values(), named)
    assert {name for name, row in before.items() if row.crop_sha256 in crops} <= gone
    assert named
    assert set(after) == set(before)
    for name, row in after.items():
        if name in gone:
            assert is_emptied(row)
            assert (row.verdict, row.crop_sha256) == ("rejected", None)
        else:
            assert row == before[name]  # a double does not take the place of what went
    assert blobs_of_versions(store.manifests, [second]).isdisjoint(crops)
    counts = store.manifests.read_records("ood_objects", "class_counts", ClassCount)
    assert sum(row.n_kept for row in counts) == sum(r.verdict == "kept" for r in after.values())
    assert build(resources, store) == second != first

    for number in store.manifests.version_numbers("ood_objects"):
        store.manifests.pointer_path("ood_objects", "all", number).unlink()
    assert build(resources, store).fingerprint == second.fingerprint


@pytest.mark.parametrize("is_known_before", [True, False])
def test_deleting_the_retracted_file_moves_no_other_object(bank, is_known_before):
    resources, store = bank
    build(resources, store)
    before = {row.object_id: row for row in bank_rows(store)}
    for source in (IMAGE, "coco/000000000001"):
        record_retraction(source, store, reason="withdrawn", by="ada")
    if is_known_before:
        build(resources, store)
    wanted = [
        row.object_id
        for row in leave_out_objects(list(before.values()), read_retracted(store))
        if keeps_place(row)
    ]
    root = Path(resources["data"].path)
    for name in ("ADE_train_00000001", "000000000001"):
        for path in root.rglob(f"{name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    version = build(resources, store)
    after = {row.object_id: row for row in bank_rows(store)}
    assert [name for name, row in after.items() if keeps_place(row)] == wanted
    for name, row in after.items():
        assert is_emptied(row) or row == before[name]
    assert {name for name in before if "00000001/" in name} == set(filter(_is_gone(after), after))
    assert build(resources, store) == version


def _is_gone(rows):
    return lambda name: is_emptied(rows[name])


def test_requests_lose_the_attempts_of_a_source_and_keep_all_others(tmp_path):
    root = streets_root.__wrapped__(tmp_path)
    resources = streets_resources.__wrapped__(tmp_path, root)
    store = resources["store"].open()

    def requests():
        config = SceneRequestsConfig(n_variants=2, max_attempts=3)
        partition = ScenePartition(round="round-1", city="lisbon")
        order = plan_scenes(partition, config, resources["data"], store)
        version = commit_requests(order, store, resources["engine"], run_id="run")
        return version, store.manifests.read_records(
            "scene_requests", "scene_requests", SceneRequest, partition=partition.key
        )

    first, before = requests()
    used = before[0].object_ids[0]
    name = "/".join((used.split("/")[0], *used.split("/")[2:]))
    record_retraction("cityscapes/nothing_that_is_there", store, reason="withdrawn", by="ada")
    assert requests()[0] == first
    record_retraction(name, store, reason="withdrawn", by="ada")
    record_retraction(f"cityscapes/{before[-1].frame_id}", store, reason="withdrawn", by="ada")
    second, after = requests()
    wanted = [
        row for row in before if used not in row.object_ids and row.frame_id != before[-1].frame_id
    ]
    assert [asdict(row) for row in after] == [asdict(row) for row in wanted]
    assert 0 < len(after) < len(before)
    assert requests()[0] == second
