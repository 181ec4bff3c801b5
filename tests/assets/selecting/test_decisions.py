"""Vetoed samples and retracted sources are no part of a training set; Dagster says so at once."""

from dataclasses import replace

import pytest
from dagster._core.definitions.data_version import StaleStatus

from assets.decisions import report_decisions
from assets.retracting.retractions import record_retraction
from assets.reviewing.reviews import Decision, record_reviews
from assets.selecting.samples import data_version_of
from assets.tracing.names import SampleName
from storage.scene_records import LabelledScene
from tests.assets.selecting import test_staleness
from tests.assets.selecting.conftest import LISBON, data_version
from tests.storage.export.scenes import commit, scene

house, launch, status = test_staleness.house, test_staleness.launch, test_staleness.status
ALL = 'rounds = "all"'


def labelled(store):
    return store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition="lisbon|round-1"
    )


@pytest.fixture
def review(rounds):
    """Decide on a scene of the store, for the picture that it has now."""

    def review(decision, frame_id=LISBON[0], variant=0, round_key="round-1"):
        rows = rounds.manifests.read_records(
            "labelled_scenes", "labelled_scenes", LabelledScene, partition=f"lisbon|{round_key}"
        )
        (row,) = [r for r in rows if (r.frame_id, r.variant) == (frame_id, variant)]
        name = SampleName(
            asset="labelled_scenes", round=round_key, frame_id=frame_id, variant=variant
        )
        one = Decision(
            name=name,
            image_sha256=row.image_sha256,
            label_sha256=row.label_sha256,
            decision=decision,
        )
        record_reviews([one], rounds, reviewer="ada")

    return review


def steps(version):
    return {k[6:]: int(v) for k, v in version.provenance.items() if k.startswith("after/")}


def test_vetoed_samples_are_left_out_and_counted(rounds, review, choose, pairs):
    first = choose(ALL)
    review("vetoed")
    version = choose(ALL)
    assert (LISBON[0], 0, "round-1") not in {(p.frame_id, p.variant, p.round) for p in pairs()}
    assert steps(version) == {
        "found": 6,
        "held-out frames": 6,
        "retractions": 6,
        "vetoes": 6,
        "reviews": 5,
    }
    assert data_version_of(version) != data_version_of(first)
    assert "reviews/all" in version.parents
    review("accepted")
    assert data_version_of(choose(ALL)) == data_version_of(first)


def test_a_veto_stays_until_the_new_picture_is_accepted(rounds, review, choose, pairs):
    review("vetoed", LISBON[1])
    commit(rounds, [scene(rounds, 40, frame_id=LISBON[1])])
    version = choose(ALL)
    assert LISBON[1] not in {pair.frame_id for pair in pairs()}
    assert "1 vetoes stay, 0 acceptances lapsed" in version.provenance["notes"]
    review("accepted", LISBON[1])
    version = choose(ALL)
    assert LISBON[1] in {pair.frame_id for pair in pairs()}
    assert "notes" not in version.provenance


@pytest.mark.parametrize("is_picture_new", [False, True])
def test_an_acceptance_lapses_with_its_picture_or_label(
    rounds, review, choose, pairs, is_picture_new
):
    review("accepted")
    review("accepted", LISBON[1])
    (now,) = [row for row in labelled(rounds) if row.frame_id == LISBON[1]]
    other = scene(rounds, 41, frame_id=LISBON[1])
    kept = {} if is_picture_new else {"image_sha256": now.image_sha256}
    rest = [row for row in labelled(rounds) if row.frame_id != LISBON[1]]
    commit(rounds, [*rest, replace(other, **kept)])
    version = choose(f"{ALL}\nreviewed_only = true")
    assert {pair.frame_id for pair in pairs()} == {LISBON[0]}
    assert "0 vetoes stay, 1 acceptances lapsed" in version.provenance["notes"]


def test_only_accepted_ones_where_that_is_asked_for(rounds, review, choose, pairs):
    with pytest.raises(ValueError, match="0 after reviews"):
        choose(f"{ALL}\nreviewed_only = true")
    review("accepted")
    review("accepted", LISBON[1])
    review("vetoed", LISBON[1])
    choose(f"{ALL}\nreviewed_only = true")
    assert [(p.frame_id, p.variant) for p in pairs()] == [(LISBON[0], 0)]


@pytest.mark.parametrize(
    ("source", "n_left"),
    [
        (f"cityscapes/{LISBON[0]}", 3),
        ("ade20k/0", 0),
        ("imported/round-1", 6),
        ("coco/0", 6),
    ],
)
def test_what_comes_from_a_retracted_source_is_left_out(rounds, choose, pairs, source, n_left):
    record_retraction(source, rounds, reason="withdrawn", by="ada")
    if n_left:
        choose(ALL)
        assert len(pairs()) == n_left
    else:
        with pytest.raises(ValueError, match="0 after retractions"):
            choose(ALL)


def test_a_retracted_set_is_left_out(rounds, imported, choose, pairs):
    both = f'{ALL}\nimported = ["round-1"]'
    choose(both)
    assert len(pairs()) == 7
    record_retraction("imported/round-1", rounds, reason="withdrawn", by="ada")
    choose(both)
    assert {pair.asset for pair in pairs()} == {"labelled_scenes"}


GONE = {
    "a veto": f'[[vetoed]]\nround = "round-1"\nframe = "{LISBON[1]}"\nvariant = 0',
    "a class": '[filters]\nobject_classes = ["chair", "bathtub", "harp"]',
    "a set": 'imported = ["round-1"]',
}


@pytest.mark.parametrize("what", GONE)
def test_what_a_retraction_took_is_passed_over_and_told(rounds, choose, pairs, what):
    """The rows are gone, as after the next materialization, or a purge of the set."""
    commit(rounds, [row for row in labelled(rounds) if row.frame_id != LISBON[1]])
    top, table = (GONE[what], "") if what == "a set" else ("", GONE[what])
    text = f"{ALL}\n{top}\n{table}"
    with pytest.raises(ValueError, match=r"correct|need values"):
        choose(text)
    record_retraction(f"cityscapes/{LISBON[1]}", rounds, reason="withdrawn", by="ada")
    record_retraction("imported/round-1", rounds, reason="withdrawn", by="ada")
    version = choose(text)
    assert len(pairs()) == 5
    assert "(any more)" in version.provenance["notes"]


def test_a_round_that_a_retraction_emptied_is_passed_over(rounds, choose, pairs):
    empty = {"labelled_scenes": [], "quarantine": []}
    rounds.manifests.commit("labelled_scenes", empty, partition="lisbon|round-2")
    text = 'rounds = ["round-1", "round-2"]'
    with pytest.raises(ValueError, match="empty manifest of round-2: nothing was accepted"):
        choose(text)
    record_retraction(f"cityscapes/{LISBON[2]}", rounds, reason="withdrawn", by="ada")
    assert "round-2 holds no scene" in choose(text).provenance["notes"]
    assert {pair.round for pair in pairs()} == {"round-1"}
    with pytest.raises(ValueError, match="it is retracted, or nothing was accepted there"):
        choose('rounds = ["round-2"]')


def test_a_set_that_was_purged_is_one_clear_error_where_it_is_all(rounds, choose):
    record_retraction("imported/round-1", rounds, reason="withdrawn", by="ada")
    with pytest.raises(ValueError, match="empty manifest of round-1: it is retracted"):
        choose('imported = ["round-1"]')


def test_a_decision_makes_the_training_set_stale(rounds, review, instance, write, launch, status):
    write("mine", ALL)
    first = data_version(launch("select_training_set"))
    launch("train")
    assert status("training_set") == status("trained") == StaleStatus.FRESH

    review("vetoed")
    report_decisions("reviews", instance, rounds)
    assert status("training_set") == StaleStatus.STALE
    second = data_version(launch("select_training_set"))
    assert second != first
    assert status("training_set") == StaleStatus.FRESH
    assert status("trained") == StaleStatus.STALE
    launch("train")

    review("vetoed")  # said twice: nothing changes
    report_decisions("reviews", instance, rounds)
    assert status("training_set") == StaleStatus.FRESH

    record_retraction(f"cityscapes/{LISBON[1]}", rounds, reason="withdrawn", by="ada")
    report_decisions("retractions", instance, rounds)
    assert status("training_set") == StaleStatus.STALE
    launch("select_training_set")
    assert status("training_set") == StaleStatus.FRESH
    assert status("trained") == StaleStatus.STALE
