"""The experiment as a page: every number with its origin, nothing that a name could break."""

import re
from dataclasses import replace

import pytest

from assets.experiment_page.drawings import headline_plot, headline_words, sized_arms
from assets.experiment_page.page import experiment_page
from models.plots import GRID, INK, SERIES
from tests.assets.experiment_page.made_experiment import DEEPLAB, digest, experiment, tiny_plan
from tests.assets.reporting.made_rows import shown
from tests.outline import Outline

EVIL = "<script>window.evil = 1</script> & \"quoted\" 'words' $x$"


@pytest.fixture(scope="module")
def outline(page):
    return Outline(page)


def test_the_page_tells_plan_claims_tables_and_directions(tiny, outline):
    for words in (
        "Experiment tiny · report world",
        f"Digest of the plan (SHA-256) {tiny.plan.digest}",
        "of 6 claims that hold 6 of 6 trials measured 2 seeds 3 arms",
        "1 plan scored on it so far, in 2 runs.",
        "Configurations tried on the selection world 3",
        "only directions can be compared, never numbers",
        "full against baseline",
        "Cost",
        "Table 1: anomaly benchmarks",
        "Table 2: known classes and unknown objects together",
        "Table 6 of the paper varies the margins of the loss. The plan of this experiment has no",
        "Table 8: ACDC-POC by domain",
        "Table 9: IoU of each class on ACDC-POC",
        "Table 12: known classes, shifted and as in training",
        "same opposite not decided not measured",
        "NeurIPS 2024",
    ):
        assert words in outline.text, words
    assert "This experiment is not whole" not in outline.text


def test_published_numbers_stand_below_the_arm_that_stands_for_them(outline):
    assert re.search(
        r"full the whole method (\S+ ± \S+ )+\S* ?MultiShiftSeg published · gao2024:table2 82.4",
        outline.text,
    )
    assert "Closed-set baseline published · gao2024:table2 3.9 55.5 46.9 78.6 –" in outline.text


def test_every_number_of_ours_names_where_it_is_from(page):
    own = re.findall(r"<td[^>]*>[^<]* ± [^<]*</td>", page)
    assert len(own) > 100
    for cell in own:
        for words in ("checkpoints: ", "training sets: ", "world: report, seed", "results@4"):
            assert words in cell
    for seed in (0, 1):
        assert f"<code>{digest(DEEPLAB, 'full', seed)}</code>" in page


def test_links_lead_somewhere_and_no_two_elements_share_an_id(outline):
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(set(ids)) == len(ids)
    linked = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', "".join(map(str, outline.tags)))
    assert {name for pair in linked for name in pair if name} <= set(ids)
    assert {a["href"].removeprefix("#") for a in outline.all("a")} <= set(ids)


def test_the_page_needs_nothing_from_elsewhere(page, outline):
    assert "http://" not in page
    assert "https://" not in page
    assert not outline.all("script")
    assert not outline.all("link")
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL)).lower()
    assert not any(color in drawn for color in (INK, GRID, *SERIES))


def test_equal_rows_give_equal_bytes(tiny, page):
    assert experiment_page(tiny) == page


def test_a_part_of_an_experiment_names_what_is_missing():
    plan = tiny_plan(n_seeds=3)
    rows = experiment(
        plan,
        world="selection",
        leaves_out={(DEEPLAB, "full", 2), *((DEEPLAB, "paste", seed) for seed in range(3))},
        benchmarks=("acdc_poc",),
    )
    text = Outline(experiment_page(rows)).text
    assert "This experiment is not whole: 3 gaps" in text
    assert f"{DEEPLAB}, full: 2 of 3 seeds measured, without 2." in text
    assert "(n = 2)" in text
    assert "they choose, and prove nothing" in text
    assert "not told yet" in text or "no difference is shown" in text


def test_nothing_but_a_plan_is_a_page_too(tiny):
    rows = replace(tiny, trials=(), results=(), claims=(), versions={}, n_plans_scored=None)
    outline = Outline(experiment_page(rows))
    assert "None of the 6 headline claims of the plan can be told yet." in outline.text
    assert "No result of this plan in this world is in the store yet." in outline.text
    assert not outline.all("svg")


def test_no_name_can_become_markup():
    plan = tiny_plan()
    arms = {
        "baseline": plan.arms["baseline"].model_copy(update={"title": EVIL}),
        EVIL: plan.arms["paste"].model_copy(update={"settings": {EVIL: EVIL}}),
        "full": plan.arms["full"],
    }
    line = plan.headline.model_copy(update={"against": (EVIL,)})
    plan = plan.model_copy(update={"arms": arms, "headline": line})
    rows = experiment(plan, benchmarks=("acdc_poc", "road_anomaly", "acdc"))
    trials = [replace(trial, device=EVIL, training_set=EVIL) for trial in rows.trials]
    page = experiment_page(replace(rows, trials=tuple(trials)))
    outline = Outline(page)
    assert "<script" not in page
    assert outline.text.count("window.evil = 1") > 5


def test_pictures_of_failures_are_shown_if_there_are_any(tiny):
    blobs = {}
    rows = replace(tiny, results=(), claims=())
    pictures = {"Worst images of full": shown("acdc_poc", blobs, "learned")}
    outline = Outline(experiment_page(rows, pictures=pictures, blobs=blobs))
    assert "Where it fails" in outline.text
    assert "Worst images of full" in outline.text
    assert outline.all("img")


def test_the_figure_is_a_picture_with_words(tiny):
    assert headline_plot(tiny, width=7).png().startswith(b"\x89PNG")
    assert headline_words(tiny).count("points") == 6
    assert headline_plot(replace(tiny, claims=())) is None


def test_sizes_of_data_are_arms_that_differ_in_nothing_else():
    plan = tiny_plan()
    full = plan.arms["full"]
    arms = {
        **plan.arms,
        "other": full.model_copy(update={"settings": {"x": 1}, "n_variants": 3}),
        "twice": full.model_copy(update={"n_variants": 2}),
    }
    rows = replace(experiment(plan), trials=(), results=(), claims=())
    plan = plan.model_copy(update={"arms": arms})
    assert sized_arms(replace(rows, plan=plan), DEEPLAB) == {1: "full", 2: "twice"}
