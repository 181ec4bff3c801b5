"""Means over seeds: which seeds count, and how they are written."""

from dataclasses import replace
from statistics import fmean, stdev

import pytest

from assets.experiment_page.origins import Origins
from assets.experiment_page.spreads import Measured, Spread, interval, points, spread_words
from tests.assets.experiment_page.made_experiment import DEEPLAB, digest, experiment, tiny_plan


def test_a_spread_is_that_of_the_rows(tiny):
    rows = [
        row
        for row in tiny.results
        if (row.arm, row.benchmark, row.domain, row.slice) == ("full", "acdc_poc", "fog", "unseen")
    ]
    found = Measured(tiny).spread(DEEPLAB, "full", "acdc_poc", "ap", domain="fog", slice_="unseen")
    values = [100 * row.ap for row in sorted(rows, key=lambda row: row.seed)]
    assert list(found.values.values()) == pytest.approx(values)
    assert (found.mean, found.deviation) == pytest.approx((fmean(values), stdev(values)))
    assert Measured(tiny).spread(DEEPLAB, "full", "cityscapes", "ap") is None


def test_an_average_counts_only_seeds_that_have_all_benchmarks(tiny):
    names = ("road_anomaly", "acdc_poc")
    left = [
        row
        for row in tiny.results
        if (row.arm, row.seed, row.benchmark) != ("paste", 1, "acdc_poc")
    ]
    measured = Measured(replace(tiny, results=tuple(left)))
    assert list(measured.averaged(DEEPLAB, "paste", names, "ap").values) == [0]
    assert list(measured.averaged(DEEPLAB, "full", names, "ap").values) == [0, 1]
    without = [replace(row, ap=None) for row in left if row.benchmark == "acdc_poc"]
    others = [row for row in left if row.benchmark != "acdc_poc"]
    measured = Measured(replace(tiny, results=(*others, *without)))
    alone = measured.spread(DEEPLAB, "full", "road_anomaly", "ap")
    assert measured.averaged(DEEPLAB, "full", names, "ap").values == pytest.approx(alone.values)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({0: 81.0, 1: 83.0}, "82.0 ± 1.4"),
        ({0: 0.2, 1: 0.4}, "0.30 ± 0.14"),
        ({4: 50.0}, "50.0 (n = 1)"),
    ],
)
def test_means_are_written_with_deviation_and_missing_seeds(values, told):
    assert spread_words(Spread(values=values, results=()), n_seeds=2) == told
    assert spread_words(None, n_seeds=2) == "–"


def test_differences_have_a_sign():
    assert [points(value) for value in (12.34, -0.456, 0.0)] == ["+12.3", "−0.46", "+0.00"]
    assert interval(-1.25, 2) == "[−1.2, +2.0]"


def test_an_origin_names_checkpoints_sets_world_and_manifests(tiny):
    found = Measured(tiny).spread(DEEPLAB, "full", "acdc_poc", "ap")
    told = Origins(tiny).of(found)
    for words in (
        f"0: {digest(DEEPLAB, 'full', 0)[:12]}, 1: {digest(DEEPLAB, 'full', 1)[:12]}",
        "exp-tiny-full-0-1x@1, exp-tiny-full-1-1x@1",
        "world: report, seed 2002, version 2",
        "manifests experiment_results@4, experiment_trials@2",
    ):
        assert words in told
    assert "not in the rows of trials" in Origins(replace(tiny, trials=())).of(found)
    assert Origins(tiny).of(None) == ""


def test_one_seed_has_no_deviation():
    plan = tiny_plan()
    rows = experiment(plan, leaves_out={(DEEPLAB, "full", 1)})
    assert Measured(rows).spread(DEEPLAB, "full", "acdc_poc", "ap").deviation is None
