"""Rows of the page: none of another plan or world, and every gap named."""

from dataclasses import replace

import pytest

from assets.experiment_page.contents import missing_words, n_measured_trials
from tests.assets.experiment_page.made_experiment import DEEPLAB, experiment, tiny_plan


def test_rows_of_another_plan_or_world_are_refused(tiny):
    with pytest.raises(ValueError, match="need rows of the plan"):
        replace(tiny, plan=tiny_plan(n_seeds=3))
    with pytest.raises(ValueError, match="need rows of the world selection, got one of report"):
        replace(tiny, world="selection")
    with pytest.raises(ValueError, match="need one of the worlds selection, report"):
        replace(tiny, world="elsewhere")


def test_a_whole_experiment_lacks_nothing(tiny):
    assert missing_words(tiny) == []
    assert n_measured_trials(tiny) == len(tiny.plan.trials()) == 6


def test_every_gap_is_named(tiny):
    plan = tiny.plan
    out = {(DEEPLAB, "paste", 1), (DEEPLAB, "full", 0), (DEEPLAB, "full", 1)}
    rows = experiment(plan, leaves_out=out)
    assert missing_words(rows) == [
        f"{DEEPLAB}, paste: 1 of 2 seeds measured, without 1.",
        f"{DEEPLAB}, full: none of 2 seeds measured.",
        "6 of the 6 headline claims of the plan cannot be told yet.",
    ]
    trained = replace(rows, trials=tiny.trials)
    assert missing_words(trained)[1].endswith("2 of them trained, but not measured.")
    nothing = replace(rows, trials=(), results=(), claims=())
    assert missing_words(nothing)[0] == f"{DEEPLAB}: no arm trained, none measured."
