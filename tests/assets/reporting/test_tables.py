"""Digits, the best of a column, and which published rows stand where."""

import re
from dataclasses import replace

import pytest

from assets.reporting.benchmark_tables import benchmark_tables
from assets.reporting.figures import benchmark_figures
from assets.reporting.lines import measured_line
from assets.reporting.numbers import OOD_COLUMNS, Column, count, percent, plural
from assets.reporting.tables import MEASURED, PUBLISHED, Line, table
from storage.published_results import published_results

AP, FPR95 = OOD_COLUMNS[1], OOD_COLUMNS[2]


def line(name, is_comparable=True, notes=(), **values):
    return Line(
        name=name,
        estimator="pooled, exact",
        kind=MEASURED,
        values=values,
        notes=notes,
        is_comparable=is_comparable,
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (90.17, "90.2"),
        (0.0, "0.0"),
        (0.07, "0.07"),
        (0.994, "0.99"),
        (1.04, "1.0"),
        (99.96, "99.96"),
        (100.0, "100.0"),
        (7.54, "7.5"),
    ],
)
def test_one_decimal_and_two_where_the_differences_are(value, text):
    assert percent(value) == text


def test_counts_are_read_easily():
    assert count(1234567) == "1\u202f234\u202f567"
    assert (plural(1, "image"), plural(2, "image")) == ("1 image", "2 images")


def best(found, column):
    place = found.columns.index(column)
    return [line.name for line in found.lines if found.cells(line)[place].is_best]


def test_the_best_is_the_highest_or_the_lowest_by_all_its_digits():
    lines = [line("a", ap=80.04, fpr95=3.0), line("b", ap=80.01, fpr95=2.0), line("c", ap=80.04)]
    found = table("x", OOD_COLUMNS, lines)
    assert found.columns == (AP, FPR95)
    assert best(found, AP) == ["a", "c"]
    assert best(found, FPR95) == ["b"]
    assert found.cells(lines[2])[1].text == "–"


def test_what_cannot_be_compared_is_never_best():
    found = table(
        "x", OOD_COLUMNS, [line("a", ap=1.0), line("b", ap=2.0), line("m", False, ap=99.0)]
    )
    assert best(found, AP) == ["b"]
    alone = table("x", OOD_COLUMNS, [line("a", ap=1.0), line("m", False, ap=99.0)])
    assert best(alone, AP) == []


def test_notes_are_numbered_in_their_order():
    lines = [line("a", notes=("one", "two"), ap=1.0), line("b", notes=("three", "one"), ap=2.0)]
    found = table("x", OOD_COLUMNS, lines)
    assert found.notes == ("one", "two", "three")
    assert found.marks(lines[1]) == [1, 3]


def test_a_table_without_numbers_is_none():
    assert table("x", [Column("ap", "AP")], [line("a")]) is None


def test_tables_of_a_benchmark_with_domains(measured):
    titles = [found.title for found in benchmark_tables(measured[1], published_results())]
    assert titles == [
        "Unknown objects",
        "Unknown objects by domain: AP",
        "Unknown objects by domain: FPR95",
        "Unknown objects by domain: F1*",
        "Known classes",
        "Known classes by domain: mIoU",
        "IoU of each known class",
        "Published variants",
    ]


def test_domains_stand_side_by_side(measured):
    found = benchmark_tables(measured[1], published_results())[1]
    assert [column.name for column in found.columns] == ["fog", "night", "rain", "snow"]
    own = next(line for line in found.lines if line.name == "learned")
    assert own.values == pytest.approx({"fog": 90, "night": 53, "rain": 71, "snow": 77})
    printed = [line for line in found.lines if line.kind == PUBLISHED]
    networks = {line.detail.split(" · ")[0] for line in printed if line.name == "MultiShiftSeg"}
    assert networks == {"mask2former resnet50", "deeplabv3+ wideresnet38"}
    assert len(printed) == 4


def test_sizes_that_a_benchmark_borrows_are_told(measured):
    whole, by_ap, _, by_f1 = benchmark_tables(measured[1], [])[:4]
    assert all("the benchmark states no sizes" in note for note in (*whole.notes, *by_f1.notes))
    assert (len(whole.notes), len(by_f1.notes)) == (1, 1)
    assert by_ap.notes == (), "no number of components stands there"
    track = replace(measured[1].results[0], benchmark="road_anomaly_21")
    (note,) = measured_line(track, OOD_COLUMNS, has_subject=False).notes
    assert "no sizes" not in note


def test_other_estimators_are_told_beside_the_first(measured):
    tables = {found.title: found for found in benchmark_tables(measured[0], [])}
    assert set(tables) == {"Unknown objects", "The same scores by other estimators"}
    told = [(line.name, line.estimator) for line in tables.popitem()[1].lines]
    assert told[:2] == [("learned", "pooled, exact"), ("learned", "mean over images")]


def test_a_score_has_one_color_in_all_plots(measured):
    orders = [
        re.findall("learned|energy|max_softmax", figure.plot.svg())
        for rows in measured
        for figure in benchmark_figures(rows)
        if not figure.is_histogram and "mIoU" not in figure.title
    ]
    assert len(orders) == 3 + 5
    assert {tuple(dict.fromkeys(order)) for order in orders} == {
        ("learned", "energy", "max_softmax")
    }
