"""From a retracted source to a store that holds nothing of it, and everything else as before."""

from dataclasses import replace

import pytest

from assets.retracting.derived import find_derived
from assets.retracting.retractions import (
    data_version_of_retractions,
    read_retractions,
    record_retraction,
)
from assets.tracing.reading import Reader
from storage.manifests import purge as purging
from storage.manifests.purge import finish_purges, purge
from storage.manifests.vacuum import missing_blobs
from storage.scene_records import LabelledScene
from storage.training_records import TrainingPair
from tests.assets.labelling.drawn_world import PARTITION
from tests.assets.segmenters.conftest import NAME
from tests.assets.tracing.traced_world import FRAMES

FRAME = f"cityscapes/{FRAMES[0]}"


def retract(store, source=FRAME):
    derived = find_derived(source, Reader(store))
    checkpoints = [one.checkpoint.row.checkpoint_sha256 for one in derived.learned]
    record_retraction(source, store, reason="withdrawn", by="ada", checkpoints=checkpoints)
    return derived


def purge_all(store, source=FRAME):
    derived = find_derived(source, Reader(store))
    going = derived.removable
    return purge(
        store.manifests,
        store.blobs,
        versions=[holding.version for holding in going],
        suspects={name for holding in going for name in holding.blobs},
    )


def labels(store):
    return store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition=PARTITION
    )


def pairs(store):
    return store.manifests.read_records(
        "training_set", "training_pairs", TrainingPair, partition=NAME
    )


def all_blobs(store):
    return {blob.sha256 for blob in store.blobs}


def blobs_of(row):
    names = (row.image_sha256, row.label_sha256, row.layout_sha256, row.sam_layout_sha256)
    return {name for name in names if name}


def test_everything_made_from_a_frame_is_found(store):
    derived = find_derived(FRAME, Reader(store))
    counts = {h.version.asset: len(h.rows) for h in derived.holdings}
    assert counts == {
        "training_set": 1,
        "labelled_scenes": 1,
        "filtered_scenes": 2,
        "synthetic_scenes": 2,
        "scene_requests": 2,
    }
    assert all(holding.is_latest for holding in derived.holdings)
    assert len(derived.current) == 5
    assert derived.removable == ()
    (learned,) = derived.learned
    assert learned.samples == (f"labelled_scenes/round-1/{FRAMES[0]}/0",)
    assert learned.objects == ()


def test_everything_made_from_an_object_is_found(store):
    derived = find_derived("ade20k/0", Reader(store))
    assert derived.names("ood_objects") == ("ade20k/train/0",)
    assert len(derived.names("training_set")) == len(pairs(store))
    assert {len(one.objects) for one in derived.learned} == {1}
    assert find_derived("ade20k/nothing", Reader(store)).holdings == ()


def test_retracting_twice_changes_nothing(store):
    assert record_retraction(FRAME, store, reason="withdrawn", by="ada")
    version = data_version_of_retractions(read_retractions(store))
    assert not record_retraction(FRAME, store, reason="again", by="bob")
    (row,) = read_retractions(store)
    assert (row.source, row.reason, row.retracted_by) == (FRAME, "withdrawn", "ada")
    assert data_version_of_retractions(read_retractions(store)) == version
    with pytest.raises(ValueError, match="need a reason and who retracts"):
        record_retraction("coco/1", store, reason=" ", by="ada")


def test_the_next_labels_and_pairs_leave_it_out_and_lose_nothing_else(store, rerun):
    before = {row.frame_id: [] for row in labels(store)}
    for row in labels(store):
        before[row.frame_id].append(row)
    n_pairs = len(pairs(store))
    retract(store)
    rerun()
    after = labels(store)
    assert FRAMES[0] not in {row.frame_id for row in after}
    assert after == [row for frame in FRAMES[1:] for row in before[frame]]
    assert len(pairs(store)) == n_pairs - 1


def test_purge_refuses_what_a_current_version_holds(store):
    retract(store)
    blobs = all_blobs(store)
    report = purge_all(store)
    assert (report.versions, report.blobs) == (0, 0)
    assert all_blobs(store) == blobs


def test_purge_leaves_nothing_of_it_and_all_of_the_rest(store, rerun, reader):
    (gone,) = [row for row in labels(store) if row.frame_id == FRAMES[0]]
    checkpoint = find_derived(FRAME, reader).learned[0].checkpoint.row.checkpoint_sha256
    retract(store)
    rerun()
    latest = {
        (asset, key): store.manifests.wanted(asset, key)
        for asset in store.manifests.assets()
        for key in store.manifests.partitions(asset)
    }
    shared = blobs_of(gone) & {name for row in labels(store) for name in blobs_of(row)}
    report = purge_all(store)
    assert report.versions == 5
    assert report.blobs > 0
    assert report.freed_bytes > 0
    assert find_derived(FRAME, Reader(store)).holdings == ()
    assert (blobs_of(gone) - shared).isdisjoint(all_blobs(store))
    assert shared <= all_blobs(store)
    for (asset, key), version in latest.items():
        assert store.manifests.wanted(asset, key) == version
        for table in version.tables:
            store.manifests.rows(version, table)
        assert missing_blobs(store.manifests, store.blobs, asset, key) == []
    assert store.blobs.exists(checkpoint)
    assert read_retractions(store)[0].checkpoints == (checkpoint,)
    again = purge_all(store)
    assert (again.versions, again.parts, again.blobs) == (0, 0, 0)


@pytest.mark.parametrize("n_before", [0, 3, 8])
def test_a_purge_that_was_killed_is_finished_by_the_next(store, rerun, monkeypatch, n_before):
    retract(store)
    rerun()
    real, done = purging.remove, []

    def killed(path):
        if len(done) == n_before:
            raise KeyboardInterrupt
        done.append(path)
        real(path)

    monkeypatch.setattr(purging, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        purge_all(store)
    monkeypatch.setattr(purging, "remove", real)
    purge_all(store)
    assert find_derived(FRAME, Reader(store)).holdings == ()
    finish_purges(store.manifests, store.blobs)
    assert not list((store.root / purging.FOLDER).iterdir())
    kept_parts = {
        str(store.manifests.partition_folder(one.asset, one.partition) / part.path)
        for asset in store.manifests.assets()
        for key in store.manifests.partitions(asset)
        for one in store.manifests.versions(asset, key)
        for table in one.tables.values()
        for part in table.parts
    }
    there = {str(path) for path in store.manifests.folder.rglob("parts/*")}
    assert there == kept_parts
    for asset in store.manifests.assets():
        for key in store.manifests.partitions(asset):
            assert missing_blobs(store.manifests, store.blobs, asset, key) == []


def test_a_blob_that_another_sample_names_stays(store, rerun):
    (gone,) = [row for row in labels(store) if row.frame_id == FRAMES[0]]
    store.manifests.commit(
        "imported_scenes",
        {"labelled_scenes": [_as_imported(gone)], "quarantine": []},
        partition="other",
    )
    retract(store)
    rerun()
    report = purge_all(store)
    assert report.shared_blobs >= 1
    assert store.blobs.exists(gone.image_sha256)
    assert missing_blobs(store.manifests, store.blobs, "imported_scenes", "other") == []


def _as_imported(row):

    return replace(row, round="other", frame_id=FRAMES[1], attempt=None, object_ids=())


def test_a_retracted_set_goes_as_a_whole(store):
    row = _as_imported(labels(store)[0])
    store.manifests.commit(
        "imported_scenes", {"labelled_scenes": [row], "quarantine": []}, partition="other"
    )
    derived = retract(store, "imported/other")
    assert derived.current == ()
    assert purge_all(store, "imported/other").versions == 1
    assert store.manifests.partitions("imported_scenes") == []
    assert store.blobs.exists(row.image_sha256)  # the labelled scene still has it
