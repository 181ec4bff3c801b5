"""Which scenes are exported, and what is told of how they were made."""

import pytest

from storage.export.selection import provenance_of, select_scenes
from tests.storage.export.scenes import commit, scene


@pytest.fixture
def rows(store):
    rows = [
        scene(store, frame_id=f"{city}_00000{n}_000019", round=name)
        for name in ("round-2", "round-1")
        for city in ("oslo", "lisbon")
        for n in (1, 0)
    ]
    commit(store, rows)
    imported = scene(store, round="a-set", attempt=None)
    commit(store, [imported], asset="imported_scenes")
    return rows


def places(selection):
    return [(row.round, row.frame_id) for row in selection.rows]


def test_all_rounds_in_order_and_imported_ones_only_when_asked(store, rows):
    expected = sorted((row.round, row.frame_id) for row in rows)
    assert places(select_scenes(store.manifests)) == expected
    both = select_scenes(store.manifests, imported=True)
    assert places(both) == [*expected, ("a-set", "lisbon_000000_000019")]
    assert [version.asset for version in both.versions].count("imported_scenes") == 1


def test_rounds_and_cities_choose(store, rows):
    chosen = select_scenes(store.manifests, rounds=["round-2"], cities=["oslo"])
    assert places(chosen) == [("round-2", f"oslo_00000{n}_000019") for n in (0, 1)]
    assert [version.partition for version in chosen.versions] == ["oslo|round-2"]


def test_only_the_latest_version_counts(store, rows):
    commit(store, [row for row in rows if row.frame_id == "oslo_000001_000019"])
    assert len(select_scenes(store.manifests, cities=["oslo"]).rows) == 2


def test_what_is_not_there_is_named(store, rows):
    with pytest.raises(ValueError, match=r"need a round that has scenes \(round-1, round-2\)"):
        select_scenes(store.manifests, rounds=["round-1", "a-set"])
    with pytest.raises(ValueError, match=r"got 'paris'"):
        select_scenes(store.manifests, cities=["paris"])
    with pytest.raises(ValueError, match="not together"):
        select_scenes(store.manifests, rounds=["a-set"], cities=["oslo"], imported=True)


def test_an_empty_store_says_what_to_do(store):
    with pytest.raises(ValueError, match="materialize labelled_scenes first"):
        select_scenes(store.manifests)


def test_provenance_follows_the_parents_as_far_as_they_are_kept(store):
    filtered = store.manifests.commit(
        "filtered_scenes",
        {"scene_verdicts": []},
        partition="lisbon|round-1",
        provenance={"min_iou": "0.7"},
        parents={"synthetic_scenes/lisbon|round-1": "7:gone", "odd": "text"},
    )
    place = {f"filtered_scenes/{filtered.partition}": f"1:{filtered.fingerprint}"}
    commit(store, [scene(store)], parents=place, code_version="3")
    versions = select_scenes(store.manifests).versions
    assert provenance_of(store.manifests, versions) == {
        "filtered_scenes": {"code_version": "", "min_iou": "0.7"},
        "labelled_scenes": {"code_version": "3"},
    }


def test_facts_with_many_values_are_counted(store):
    for number in range(10):
        row = scene(store, frame_id=f"city{number}_000000_000019")
        commit(store, [row], provenance={"source": f"digest {number}", "world": "miniature"})
    versions = select_scenes(store.manifests).versions
    facts = provenance_of(store.manifests, versions)["labelled_scenes"]
    assert (facts["source"], facts["world"]) == ("10 different", "miniature")
