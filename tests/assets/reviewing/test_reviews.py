"""Decisions on samples: kept in order; the last one holds, for the picture that was seen."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from assets.reviewing.pictures import decide_on
from assets.reviewing.reviews import (
    Decision,
    counted,
    in_force,
    read_reviews,
    record_reviews,
    reviews_of,
)
from assets.reviewing.standing import data_version_of_reviews, standing
from assets.tracing.names import SampleName
from assets.tracing.reading import Reader
from tests.storage.export.scenes import commit, new_store, scene

NAME = SampleName(
    asset="labelled_scenes", round="round-1", frame_id="lisbon_000000_000019", variant=0
)


@pytest.fixture
def store(tmp_path):
    return new_store(tmp_path / "store")


def decide(store, decision, *, image="a" * 64, label="1" * 64, reason="", reviewer="ada"):
    one = Decision(
        name=NAME, image_sha256=image, label_sha256=label, decision=decision, reason=reason
    )
    return record_reviews([one], store, reviewer=reviewer)


def test_the_last_decision_holds_and_all_are_kept(store):
    assert read_reviews(store) == ()
    decide(store, "vetoed", reason=" a broken wheel ")
    decide(store, "accepted", reviewer="bob")
    rows = read_reviews(store)
    assert [(row.number, row.decision, row.reason, row.reviewer) for row in rows] == [
        (1, "vetoed", "a broken wheel", "ada"),
        (2, "accepted", "", "bob"),
    ]
    held = in_force(rows)
    assert [row.number for row in held.values()] == [2]
    assert counted(held) == {"accepted": 1, "vetoed": 0}
    assert reviews_of(rows, NAME) == list(rows)


def test_another_picture_of_the_same_name_is_another_thing(store):
    decide(store, "vetoed")
    decide(store, "accepted", image="b" * 64)
    assert {key[4][0]: row.decision for key, row in in_force(read_reviews(store)).items()} == {
        "a": "vetoed",
        "b": "accepted",
    }


def test_the_data_version_says_what_holds_and_not_how_it_came_about(store):
    nothing = data_version_of_reviews(read_reviews(store))
    decide(store, "vetoed")
    vetoed = data_version_of_reviews(read_reviews(store))
    decide(store, "vetoed", reason="said twice", reviewer="bob")
    assert data_version_of_reviews(read_reviews(store)) == vetoed != nothing
    decide(store, "accepted")
    assert data_version_of_reviews(read_reviews(store)) != vetoed
    decide(store, "vetoed")
    assert data_version_of_reviews(read_reviews(store)) == vetoed


A, B, LABEL, OTHER = "a" * 64, "b" * 64, "1" * 64, "2" * 64


@pytest.mark.parametrize(
    ("decided", "now", "decision", "fits"),
    [
        ([], (A, LABEL), None, None),
        ([("accepted", A)], (A, LABEL), "accepted", True),
        ([("accepted", A)], (A, OTHER), None, False),
        ([("accepted", A)], (B, LABEL), None, False),
        ([("vetoed", A)], (A, LABEL), "vetoed", True),
        ([("vetoed", A)], (A, OTHER), "vetoed", False),
        ([("vetoed", A)], (B, LABEL), "vetoed", False),
        ([("vetoed", A), ("accepted", B)], (B, LABEL), "accepted", True),
        ([("vetoed", A), ("accepted", B)], (A, LABEL), "vetoed", True),
        ([("accepted", A), ("vetoed", B)], (A, LABEL), "accepted", True),
        ([("accepted", A), ("vetoed", B)], (A, OTHER), "vetoed", False),
    ],
)
def test_a_veto_stays_and_an_acceptance_is_of_what_was_seen(store, decided, now, decision, fits):
    for what, image in decided:
        decide(store, what, image=image)
    held = standing(read_reviews(store)).on(NAME, *now)
    assert (held and held.decision) == decision
    assert (held and held.fits) == fits


def test_an_acceptance_of_a_label_that_is_not_known_lapses(store):
    decide(store, "accepted", label=None)
    assert standing(read_reviews(store)).on(NAME, A, LABEL).decision is None


def test_reviewers_at_the_same_time_lose_nothing(store):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: decide(store, "vetoed", image=f"{n:064x}"), range(12)))
    rows = read_reviews(store)
    assert [row.number for row in rows] == list(range(1, 13))
    assert len(in_force(rows)) == 12


def test_what_is_no_decision_is_refused(store):
    with pytest.raises(ValueError, match="need a decision of accepted, vetoed, got 'maybe'"):
        decide(store, "maybe")
    with pytest.raises(ValueError, match="need a reason of up to 500 letters, got 501"):
        decide(store, "vetoed", reason="x" * 501)
    with pytest.raises(ValueError, match="and a reviewer, got 1 by ' '"):
        decide(store, "vetoed", reviewer=" ")
    assert read_reviews(store) == ()


def test_a_sample_is_found_by_its_name_or_picture(store):
    row = scene(store, 0)
    commit(store, [row, scene(store, 1)])
    for text in (str(NAME), NAME.frame_id, row.image_sha256):
        found = decide_on(text, Reader(store), decision="vetoed", reason="")
        assert (found.name, found.image_sha256) == (NAME, row.image_sha256)
    with pytest.raises(LookupError, match="nearest"):
        decide_on("lisbon_000009_000019", Reader(store), decision="vetoed", reason="")


def test_a_regenerated_sample_is_decided_by_its_new_picture(store):
    old, new = scene(store, 0), scene(store, 5, frame_id=NAME.frame_id)
    commit(store, [old])
    commit(store, [new])
    found = decide_on(str(NAME), Reader(store), decision="accepted", reason="")
    assert found.image_sha256 == new.image_sha256
    commit(store, [scene(store, 1)])
    with pytest.raises(ValueError, match="only earlier versions"):
        decide_on(str(NAME), Reader(store), decision="accepted", reason="")
    by_picture = decide_on(old.image_sha256, Reader(store), decision="vetoed", reason="")
    assert by_picture.image_sha256 == old.image_sha256
