"""Printed numbers: every row has a source, and some are looked up by hand."""

import pytest

from storage import published_results as published
from storage.datasets.registry import DATASETS
from storage.published_results import published_source, published_sources


@pytest.fixture(scope="module")
def rows():
    return published.published_results()


def find(rows, **wanted):
    found = [row for row in rows if all(getattr(row, k) == v for k, v in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def test_every_row_names_a_source_that_is_cited(rows):
    sources = {source.source: source for source in published_sources()}
    assert {row.source for row in rows} == set(sources)
    assert all(source.citation and source.shows for source in sources.values())


def test_no_number_stands_twice(rows):
    keys = [
        (r.benchmark, r.split, r.domain, r.method, r.architecture, r.metric, r.class_name, r.source)
        for r in rows
    ]
    assert len(set(keys)) == len(keys)


def test_benchmarks_are_those_that_are_read_and_one_more(rows):
    read = {dataset.name for dataset in DATASETS}
    assert {row.benchmark for row in rows} - read == {"lost_and_found_no_known"}


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        ({"benchmark": "road_anomaly", "metric": "ap", "source": "gao2024:table1"}, 90.17),
        ({"benchmark": "road_anomaly_21", "metric": "f1_star", "split": "test"}, 48.74),
        ({"benchmark": "road_anomaly_21", "metric": "fpr95", "split": "val"}, 1.04),
        ({"benchmark": "acdc_poc", "metric": "miou", "domain": "all"}, 51.75),
        ({"benchmark": "acdc_poc", "metric": "ap", "domain": "night"}, 88.7),
        ({"benchmark": "muad", "metric": "ap"}, 45.65),
        ({"benchmark": "acdc", "metric": "miou", "domain": "fog"}, 70.85),
    ],
)
def test_numbers_of_the_method_as_printed(rows, wanted, value):
    network = {"method": "MultiShiftSeg", "architecture": "mask2former resnet50"}
    assert find(rows, **network, **wanted).value_pct == value


def test_hidden_test_sets_are_told_from_validation(rows):
    obstacle = [row for row in rows if row.benchmark == "road_obstacle_21"]
    assert {row.split for row in obstacle} == {"val", "test"}
    assert {row.estimator for row in obstacle if row.split == "test"} == {"smiyc_binned"}


def test_each_class_has_two_numbers(rows):
    per_class = [row for row in rows if row.metric == "class_iou"]
    assert len(per_class) == 2 * 19
    assert find(per_class, method="MultiShiftSeg", class_name="wall").value_pct == 40.79


@pytest.mark.parametrize(
    ("column", "word", "told"),
    [
        ("metric", "iou", "line 7: need for metric one of"),
        ("estimator", "guessed", "need for estimator one of"),
        ("source", "hearsay", "need for source one of"),
        ("class_name", "road", "need for class_name one of"),
        ("value_pct", "190", "need a value from 0 to 100 percent, got 190"),
    ],
)
def test_a_bad_row_is_named(column, word, told):
    row = published.read_table("published_results")[0]
    with pytest.raises(ValueError, match=told):
        published._checked(7, {**row, column: word})


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match="need a published source of"):
        published_source("nowhere")
    assert "2411.03829" in published_source("gao2024:table2").citation
