"""From a retracted source to a store that holds nothing of it, and everything else as before."""

from dataclasses import replace

import pytest

from assets.lineage import parents_of
from assets.retracting.derived import find_derived
from assets.retracting.known import refuse_unknown
from assets.retracting.memory import read_memory, remember_learned
from assets.retracting.retractions import (
    data_version_of_retractions,
    read_retracted,
    read_retractions,
    record_retraction,
)
from assets.tracing.reading import Reader
from storage.manifests import purge as purging
from storage.manifests.drafts import open_draft
from storage.manifests.inventory import take_inventory
from storage.manifests.purge import finish_purges, purge
from storage.manifests.schemas import to_records
from storage.manifests.vacuum import missing_blobs
from storage.records import OodObject
from storage.scene_records import LabelledScene, SceneAttempt, SceneRequest
from storage.training_records import TrainingPair
from tests.assets.labelling.drawn_world import PARTITION
from tests.assets.retracting.conftest import redo_requests
from tests.assets.segmenters.conftest import NAME
from tests.assets.tracing.traced_world import FRAMES

FRAME = f"cityscapes/{FRAMES[0]}"


def retract(store, source=FRAME):
    derived = find_derived(source, Reader(store))
    record_retraction(
        source,
        store,
        reason="withdrawn",
        by="ada",
        checkpoints=derived.checkpoints,
        doubles=derived.doubles,
    )
    return derived


def purge_all(store, source=FRAME):
    reader = Reader(store)
    derived = find_derived(source, reader)
    going = derived.removable
    versions = [holding.version for holding in going]
    remember_learned(versions, reader)
    return purge(
        store.manifests,
        store.blobs,
        versions=versions,
        suspects={name for one in (*going, *derived.drafts) for name in one.blobs},
        drafts=[draft.key for draft in derived.drafts],
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


def test_a_checkpoint_of_later_is_added_and_the_first_reason_stays(store):
    record_retraction(FRAME, store, reason="withdrawn", by="ada")
    version = data_version_of_retractions(read_retractions(store))
    derived = retract(store)
    assert derived.checkpoints
    (row,) = read_retractions(store)
    assert (row.reason, row.checkpoints) == ("withdrawn", derived.checkpoints)
    assert data_version_of_retractions(read_retractions(store)) == version
    number = store.manifests.latest_number("retractions")
    retract(store)
    assert store.manifests.latest_number("retractions") == number


def drop(store, asset, partition="all"):
    """Remove all versions that are not the latest, as vacuum does."""
    for number in store.manifests.version_numbers(asset, partition)[:-1]:
        store.manifests.pointer_path(asset, partition, number).unlink()


@pytest.mark.parametrize("asset", ["ood_objects", "training_set"])
def test_what_is_gone_is_unknown_and_not_nothing(store, rerun, asset):
    record_retraction("ade20k/0" if asset == "ood_objects" else FRAME, store, reason="-", by="ada")
    rerun(labels=asset == "training_set")
    drop(store, asset, NAME if asset == "training_set" else "all")
    derived = find_derived("coco/other", Reader(store))
    assert derived.learned == ()
    assert [one.lost for one in derived.unknown] == [(asset,)]


def test_after_a_purge_it_is_still_known_who_learned_what(store, rerun):
    source, frame = "ade20k/0", f"cityscapes/{FRAMES[1]}"
    checkpoints = retract(store, source).checkpoints
    assert checkpoints
    rerun(labels=False)
    drop(store, "labelled_scenes", PARTITION)
    rows = labels(store)
    store.manifests.commit(
        "labelled_scenes", {"labelled_scenes": [], "quarantine": []}, partition=PARTITION
    )
    store.manifests.commit("training_set", {"training_pairs": [], "quarantine": []}, partition=NAME)
    assert rows
    assert purge_all(store, source).versions
    assert {asset for _, asset in read_memory(store)} == {"training_set", "ood_objects"}
    for other, is_used in (
        (source, True),
        ("ade20k/1", True),
        (frame, True),
        (f"cityscapes/{FRAMES[2]}", False),
        ("coco/1", False),
    ):
        derived = find_derived(other, Reader(store))
        assert derived.checkpoints == (checkpoints if is_used else ()), other
        assert derived.unknown == ()
    assert purge_all(store, source).versions == 0


def with_look(store, names):
    """A bank whose objects of these names look the same."""
    (row, *_) = store.manifests.read_records("ood_objects", "ood_objects", OodObject)
    look = "a" * 35
    rows = [
        replace(row, object_id=name, dataset=name.split("/")[0], appearance_hash=look)
        for name in names
    ]
    rows = [rows[0], *(replace(r, verdict="rejected", reason="duplicate") for r in rows[1:])]
    return store.manifests.commit("ood_objects", {"ood_objects": rows})


def test_what_shows_the_same_under_another_name_is_found_and_left_out(store, rerun):
    with_look(store, ["ade20k/train/0", "coco/train/9/1"])
    derived = retract(store, "coco/9")
    assert derived.doubles == ("ade20k/0",)
    assert derived.names("ood_objects") == ("ade20k/train/0", "coco/train/9/1")
    assert len(derived.names("training_set")) == len(pairs(store)) > 0
    assert derived.checkpoints
    assert read_retracted(store).has_object("ade20k/train/0")
    with pytest.raises(ValueError, match="need scenes"):
        rerun()
    assert labels(store) == []


def test_a_frame_is_found_where_its_requests_are_gone(store):
    retract(store)
    store.manifests.commit(
        "scene_requests", {"scene_requests": [], "quarantine": []}, partition=PARTITION
    )
    drop(store, "scene_requests", PARTITION)
    derived = find_derived(FRAME, Reader(store))
    held = {holding.version.asset for holding in derived.current}
    assert held == {"training_set", "labelled_scenes", "filtered_scenes", "synthetic_scenes"}
    assert derived.damage == ()
    told = "\n".join(find_derived("ade20k/0", Reader(store)).damage)
    for asset in ("synthetic_scenes", "filtered_scenes"):
        assert f"{asset} {PARTITION}, version 1: nobody knows which objects it shows" in told


@pytest.mark.parametrize("source", [FRAME, "ade20k/0"])
def test_drafts_of_killed_runs_go_with_their_pictures(store, source):
    (row, *_) = labels(store)
    assert row.frame_id == FRAMES[0]
    name = store.blobs.put(b"only the draft names it", ".png")
    drafted = replace(row, image_sha256=name)
    with open_draft(store.manifests, "labelled_scenes", partition=PARTITION, recipe="x") as draft:
        draft.add("item", {"labelled_scenes": [drafted]})
    other = replace(drafted, frame_id=FRAMES[1], object_ids=())
    with open_draft(store.manifests, "labelled_scenes", partition=PARTITION, recipe="y") as draft:
        draft.add("item", {"labelled_scenes": [replace(other, image_sha256="0" * 64)]})
    attempts = store.manifests.read("synthetic_scenes", "scene_attempts", partition=PARTITION)
    found = to_records(attempts, SceneAttempt)[:1]
    with open_draft(store.manifests, "synthetic_scenes", partition=PARTITION, recipe="z") as draft:
        draft.add("item", {"scene_attempts": found})
    retract(store, source)
    derived = find_derived(source, Reader(store))
    assert [one.asset for one in derived.drafts] == ["labelled_scenes", "synthetic_scenes"]
    report = purge_all(store, source)
    assert (report.versions, report.drafts, report.blobs) == (0, 2, 1)
    assert not store.blobs.exists(name)
    assert len(take_inventory(store.manifests).drafts) == 1


def test_a_retracted_frame_of_an_imported_set_goes_once_it_is_imported_again(store, rerun):
    row = replace(_as_imported(labels(store)[0]), frame_id=FRAMES[0])
    row = replace(row, image_sha256=store.blobs.put(b"a picture of the set", ".png"))
    content = {"labelled_scenes": [row], "quarantine": []}
    store.manifests.commit("imported_scenes", content, partition="other")
    derived = retract(store)
    assert ("imported_scenes", "other") in {
        (h.version.asset, h.version.partition) for h in derived.current
    }
    rerun()
    store.manifests.commit("imported_scenes", {**content, "labelled_scenes": []}, partition="other")
    assert find_derived(FRAME, Reader(store)).current == ()
    purge_all(store)
    assert not store.blobs.exists(row.image_sha256)


@pytest.mark.parametrize(
    ("source", "near"),
    [
        (f"cityscapes/{FRAMES[0][:-1]}8", f"did you mean cityscapes/{FRAMES[0]}"),
        ("ade20k/00", "did you mean ade20k/0"),
        ("coco/0", "got none of its 0; A retraction cannot be taken back"),
        ("imported/other", "--even-unknown records it"),
    ],
)
def test_a_name_that_nothing_knows_is_refused(store, source, near):
    with pytest.raises(ValueError, match=near):
        refuse_unknown(source, Reader(store))
    refuse_unknown(FRAME, Reader(store))
    refuse_unknown("ade20k/1", Reader(store))


def test_requests_stay_until_nothing_current_was_drawn_from_them(store, rerun):
    """An object that only an attempt shows which was never drawn."""
    former = store.manifests.wanted("scene_requests", PARTITION)
    content = {name: store.manifests.rows(former, name) for name in former.tables}
    (row, *_) = to_records(content["scene_requests"], SceneRequest)
    undrawn = replace(row, attempt=7, object_ids=("ade20k/train/7",))
    rows = [*to_records(content["scene_requests"], SceneRequest), undrawn]
    asked = store.manifests.commit(
        "scene_requests", {**content, "scene_requests": rows}, partition=PARTITION
    )
    drawn = store.manifests.wanted("synthetic_scenes", PARTITION)
    tables = {name: store.manifests.rows(drawn, name) for name in drawn.tables}
    store.manifests.commit(
        "synthetic_scenes",
        tables,
        partition=PARTITION,
        provenance=drawn.provenance,
        parents={**drawn.parents, **parents_of(asked)},
    )
    record_retraction("ade20k/7", store, reason="withdrawn", by="ada")
    redo_requests(store, store.manifests.wanted("ood_objects"))
    held = [h.version.asset for h in find_derived("ade20k/7", Reader(store)).current]
    assert held == ["filtered_scenes", "synthetic_scenes"]
    assert purge_all(store, "ade20k/7").versions == 0
    rerun()
    derived = find_derived("ade20k/7", Reader(store))
    assert derived.current == ()
    assert purge_all(store, "ade20k/7").versions == 2
    again = find_derived("ade20k/7", Reader(store))
    assert (again.holdings, again.damage) == ((), ())
