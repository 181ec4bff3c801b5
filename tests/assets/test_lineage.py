"""The version that another was made from is found again, or named as gone."""

import pytest

from assets.lineage import parent_version, parents_of, version_to_read
from storage.records import Quarantined
from storage.store import open_store

KEY = "lisbon|round-1"


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def commit(store, asset, reason="a", **origin):
    row = Quarantined(item=reason, status="bad_input", reason=reason)
    return store.manifests.commit(asset, {"quarantine": [row]}, partition=KEY, **origin)


def test_the_parent_is_the_version_that_was_read(store):
    first = commit(store, "scene_requests", "a")
    child = commit(store, "synthetic_scenes", parents=parents_of(first))
    commit(store, "scene_requests", "b")
    assert parent_version(child, "scene_requests", store) == first


def test_several_versions_are_parents_at_once(store):
    found = [commit(store, name) for name in ("scene_requests", "filtered_scenes")]
    child = commit(store, "labelled_scenes", parents=parents_of(*found))
    assert parent_version(child, "filtered_scenes", store) == found[1]


def test_a_parent_that_is_gone_or_replaced_is_an_error(store):
    first = commit(store, "scene_requests", "a")
    child = commit(store, "synthetic_scenes", parents=parents_of(first))
    said = r"need the version of scene_requests that it was made from, got 1:[0-9a-f]{64}, which"
    store.manifests.pointer_path("scene_requests", KEY, 1).unlink()
    with pytest.raises(ValueError, match=said):
        parent_version(child, "scene_requests", store)
    assert commit(store, "scene_requests", "b").version == 1
    with pytest.raises(ValueError, match=said):
        parent_version(child, "scene_requests", store)


def test_the_same_rows_stand_for_a_parent_that_is_gone(store):
    first = commit(store, "scene_requests", "a")
    child = commit(store, "synthetic_scenes", parents=parents_of(first))
    same = commit(store, "scene_requests", "a", recipe="another")
    assert parent_version(child, "scene_requests", store) == first
    commit(store, "scene_requests", "b")
    store.manifests.pointer_path("scene_requests", KEY, 1).unlink()
    assert parent_version(child, "scene_requests", store) == same


def test_a_version_that_names_no_parent_is_an_error(store):
    child = commit(store, "synthetic_scenes")
    with pytest.raises(ValueError, match="got no name of one"):
        parent_version(child, "scene_requests", store)


def test_what_was_never_materialized_is_named(store):
    with pytest.raises(ValueError, match="materialize scene_requests first"):
        version_to_read("scene_requests", KEY, store)
    first = commit(store, "scene_requests")
    assert version_to_read("scene_requests", KEY, store) == first
