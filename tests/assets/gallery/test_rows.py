from assets.gallery.counts import Tally, count_scenes
from assets.gallery.rows import read_partition
from assets.partitions import ScenePartition
from tests.assets.gallery.conftest import LISBON, OSLO


def test_attempts_are_joined_to_scenes(store):
    rows = read_partition(store, LISBON)
    assert [len(scene.attempts) for scene in rows.scenes] == [2, 1, 2, 1]
    first, _, second, _ = rows.scenes
    assert (first.shown.attempt.attempt, first.shown.status) == (1, "accepted")
    assert first.shown.class_names == ("chair", "box")
    assert [item.attempt.attempt for item in first.others] == [0]
    assert (second.shown.attempt.attempt, second.shown.status) == (1, "rejected")
    assert second.shown.condition == "plain"


def test_counts_of_a_partition(store):
    counts = count_scenes([read_partition(store, LISBON)])
    assert (counts.n_frames, counts.n_scenes, counts.n_scenes_accepted) == (4, 4, 3)
    assert counts.n_labels == 3
    assert counts.attempts == Tally(accepted=3, rejected=3)
    assert counts.attempts.acceptance == 0.5
    assert counts.first_attempts.acceptance == 0.5
    assert counts.reasons == {
        "not out of distribution": Tally(rejected=2),
        "another shape found": Tally(rejected=1),
    }
    assert list(counts.classes) == ["chair", "bathtub", "box"]
    assert counts.classes["chair"] == Tally(accepted=2, rejected=3)
    assert counts.conditions["rainy night"] == Tally(accepted=2, rejected=1)
    assert counts.frames_without_scene == {"no_road": 1}


def test_nothing_is_judged_before_the_filter(store):
    counts = count_scenes([read_partition(store, OSLO)])
    assert counts.attempts == Tally(unjudged=1)
    assert counts.attempts.acceptance is None


def test_a_partition_of_which_nothing_exists_is_empty(store):
    rows = read_partition(store, ScenePartition(round="round-9", city="oslo"))
    assert (rows.scenes, rows.requests, dict(rows.versions)) == ((), (), {})
    assert count_scenes([rows]).attempts.acceptance is None


def test_an_asset_made_from_an_earlier_version_is_named(store):
    requests = store.manifests.latest("scene_requests", LISBON.key)
    parents = {f"{requests.asset}/{requests.partition}": f"{requests.version}:another"}
    drawn = store.manifests.latest("synthetic_scenes", LISBON.key)
    tables = {name: store.manifests.rows(drawn, name) for name in drawn.tables}
    store.manifests.commit("synthetic_scenes", tables, partition=LISBON.key, parents=parents)
    assert read_partition(store, LISBON).outdated == ["synthetic_scenes"]
