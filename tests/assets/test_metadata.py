"""What a version was made from is a list of links into the UI."""

from assets.metadata import asset_page, links_to_parents, origin
from storage.store import open_store
from tests.assets.scenes.small_world import ROWS


def version(tmp_path, parents):
    manifests = open_store(tmp_path).manifests
    return manifests.commit("ood_objects", {"ood_objects": ROWS}, parents=parents)


def test_parents_are_links_to_their_partitions(tmp_path):
    made = version(tmp_path, {"scene_requests/oslo|round-1": "3:abc", "ood_objects/all": "1:def"})
    assert links_to_parents(made).splitlines() == [
        "- [ood_objects, version 1](/assets/ood_objects)",
        "- [scene_requests, oslo\\|round-1, version 3]"
        "(/assets/scene_requests?view=partitions&partition=oslo%7Cround-1)",
    ]
    assert origin(made)["made_from"].md_str == links_to_parents(made)


def test_names_cannot_leave_their_place_in_a_link(tmp_path):
    (line,) = links_to_parents(version(tmp_path, {"a/x](javascript:y)": "1:f"})).splitlines()
    assert "](javascript:" not in line.replace("\\]", "")
    assert asset_page("a", "x)y&z") == "/assets/a?view=partitions&partition=x%29y%26z"


def test_what_has_no_parents_says_so(tmp_path):
    assert links_to_parents(version(tmp_path, {})) == "sources alone"
