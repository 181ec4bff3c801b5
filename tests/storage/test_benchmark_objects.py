"""What the makers of benchmarks say of their objects."""

import pytest

from storage.benchmark_objects import list_note, listed_objects


@pytest.mark.parametrize(
    ("benchmark", "n_objects", "is_whole"),
    [("muad", 4, True), ("fishyscapes_lost_and_found", 19, True), ("road_anomaly", 3, False)],
)
def test_a_list_that_is_not_whole_says_so(benchmark, n_objects, is_whole):
    found = listed_objects(benchmark)
    assert len(found) == n_objects
    assert [one.name for one in found] == sorted(one.name for one in found)
    assert (list_note(benchmark) == "") == is_whole


@pytest.mark.parametrize("benchmark", ["fishyscapes_static", "acdc_poc", "cityscapes", "none"])
def test_what_is_not_listed_has_no_objects(benchmark):
    assert listed_objects(benchmark) == ()
    assert list_note(benchmark) == ""
