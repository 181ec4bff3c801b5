"""The asset `experiment_results`: numbers by slice, measured once, and the report's world."""

from dataclasses import replace

import numpy as np
import pytest

from assets.benchmarks.checkpoints import NamedCheckpoint, find_checkpoint
from assets.benchmarks.measuring import measure_benchmark
from assets.benchmarks.order import MeasuringRules, plan_checkpoint
from assets.engine.resource import Engine
from assets.experiment import results as results_module
from assets.experiment.committing import trials_of
from assets.experiment.measuring import measure_trial
from assets.experiment.names import RESULTS
from assets.experiment.results import (
    commit_results,
    measured_plans,
    n_measurements,
    plan_results,
    refuse_second_report,
    results_of,
)
from assets.experiment.worlds import held_benchmarks, render_benchmarks
from models.experiment.plan import Plan
from storage.benchmark_records import CONFUSION, POOLED_EXACT
from storage.experiment_records import ALL_SLICES, KNOWN_SLICE, UNSEEN_SLICE
from tests.assets.experiment.conftest import FEW, PLAN, TREE, Home, changed, told

NUMBERS = ("auroc", "ap", "fpr95", "f1_star")
CLASSES = ("mean_iou", "mean_class_accuracy", "pixel_accuracy", "class_names", "class_ious")


@pytest.fixture(scope="module", autouse=True)
def few_benchmarks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.experiment.worlds.BENCHMARKS", FEW)
        yield


@pytest.fixture(scope="module")
def measured(trained, rendered_worlds, tmp_path_factory):
    """All six networks on the selection world, by the asset."""
    home = Home(trained, tmp_path_factory.mktemp("measured"))
    home.result = home.measure(rendered_worlds)
    assert home.result.success
    return home


@pytest.fixture
def ran(monkeypatch):
    """Keys of the networks that were measured."""
    keys = []

    def run(item):
        keys.append(f"{item.trial.arm}/{item.trial.seed}")
        return measure_trial(item)

    monkeypatch.setattr(results_module, "measure_trial", run)
    return keys


@pytest.fixture(scope="module")
def rows(measured):
    return results_of(measured.latest_results(), measured.opened)


def run(home, worlds, world="selection", plan=PLAN):
    """Measure as the asset does, without Dagster; the version."""
    rendered = render_benchmarks(plan, world, worlds, Engine(mode="inline"))
    order = plan_results(plan, rendered, home.store, device="cpu", max_seconds=600)
    return commit_results(order, home.opened, Engine(mode="inline"), run_id="test")


def test_every_network_is_measured_on_every_benchmark(measured, rows):
    assert {(row.arm, row.seed) for row in rows.results} == {
        (arm, seed) for arm in PLAN.arms for seed in (0, 1)
    }
    assert {row.benchmark for row in rows.results} == set(FEW)
    blobs = {row.checkpoint_sha256 for row in trials_of(measured.latest(), measured.opened)}
    assert {row.checkpoint_sha256 for row in rows.results} == blobs
    assert {(row.world, row.world_seed, row.plan) for row in rows.results} == {
        ("selection", 1, PLAN.digest)
    }
    (event,) = measured.result.asset_materializations_for_node(RESULTS)
    assert event.metadata["networks"].value == 6
    assert all(check.passed for check in measured.result.get_asset_check_evaluations())


def test_slices_part_the_images(rows):
    one = [row for row in rows.results if (row.arm, row.seed) == ("full", 0)]
    for row in one:
        if row.slice == ALL_SLICES:
            parts = [
                other
                for other in one
                if (other.benchmark, other.domain) == (row.benchmark, row.domain)
                and other.slice in (KNOWN_SLICE, UNSEEN_SLICE)
            ]
            for name in ("n_images", "n_in", "n_ood"):
                assert getattr(row, name) == sum(getattr(part, name) for part in parts)
    assert {row.domain for row in one if row.benchmark == "acdc_poc"} == {
        *("all", "fog", "night", "rain", "snow")
    }
    known = [row for row in one if row.benchmark == "cityscapes"]
    assert {row.slice for row in known} == {ALL_SLICES, KNOWN_SLICE}, "its places were learned"
    assert all(row.ap is None and row.mean_iou is not None for row in known)
    assert all(row.mean_iou is None for row in one if row.benchmark == "road_anomaly")


def test_numbers_are_those_of_benchmark_scores(measured, rows, rendered_worlds, tmp_path):
    (trial,) = [
        row
        for row in trials_of(measured.latest(), measured.opened)
        if (row.arm, row.seed) == ("full", 1)
    ]
    path = measured.opened.blobs.path(trial.checkpoint_sha256)
    found = find_checkpoint(NamedCheckpoint(checkpoint=str(path)), None)
    world = rendered_worlds / "seed-1-2-0.01"
    order = plan_checkpoint("acdc_poc", world, found, MeasuringRules(scores=("learned",)))
    theirs = measure_benchmark(order, Engine(mode="inline"), work_root=tmp_path, device="cpu")
    ours = {
        row.domain: row
        for row in rows.results
        if row.checkpoint_sha256 == trial.checkpoint_sha256
        and (row.benchmark, row.slice) == ("acdc_poc", ALL_SLICES)
    }
    n_compared = 0
    for row in theirs.rows.results:
        names = {POOLED_EXACT: (*NUMBERS, "n_in", "n_ood"), CONFUSION: CLASSES}.get(row.estimator)
        for name in names or ():
            assert getattr(ours[row.domain], name) == getattr(row, name), (row.domain, name)
            n_compared += 1
    assert n_compared == 5 * (6 + 5)


def test_a_slice_is_what_its_images_alone_would_give(measured, rows, rendered_worlds):
    from models.evaluation.answering import answer_photograph
    from models.metrics import average_precision
    from models.segmentation import load_segmenter

    world = render_benchmarks(PLAN, "selection", rendered_worlds, Engine(mode="inline"))
    (held,) = [one for one in held_benchmarks(world) if one.name == "acdc_poc"]
    found = {
        row.slice: row
        for row in rows.results
        if (row.benchmark, row.arm, row.seed, row.domain) == ("acdc_poc", "paste", 0, "all")
    }
    path = measured.opened.blobs.path(found[ALL_SLICES].checkpoint_sha256)
    network = load_segmenter(found[ALL_SLICES].architecture, path)
    maps = [
        answer_photograph(network, image.photograph, ["learned"], has_masks=False)
        for image in held.images
    ]
    wanted = {ALL_SLICES: (True, False), KNOWN_SLICE: (False,), UNSEEN_SLICE: (True,)}
    for part, row in found.items():
        chosen = [
            (one.scores["learned"].ravel(), image.target.ood.ravel())
            for one, image in zip(maps, held.images, strict=True)
            if image.is_unseen in wanted[part]
        ]
        scores, truth = (np.concatenate(arrays) for arrays in zip(*chosen, strict=True))
        ap = average_precision(scores[truth != 255], truth[truth != 255] == 1)
        assert row.ap == pytest.approx(ap, abs=1e-9)
    assert len(found) == 3


def test_what_is_measured_is_not_measured_again(measured, rendered_worlds, ran, tmp_path):
    home = Home(measured.folder, tmp_path)
    before = home.latest_results()
    assert run(home, rendered_worlds) == before
    assert not ran
    tree = changed()
    tree["arms"]["baseline"]["score"] = "max_logit"
    plan = Plan.model_validate(tree)
    home.run(tree)
    version = run(home, rendered_worlds, plan=plan)
    assert ran == ["baseline/0", "baseline/1"]
    found = results_of(version, home.opened)
    assert {row.score for row in found.results if row.arm == "baseline"} == {"max_logit"}
    assert {row.plan for row in (*found.results, *found.claims)} == {plan.digest}
    assert measured_plans(version) == (PLAN.digest, plan.digest)
    assert n_measurements(version) == n_measurements(before) + 1 == 2


def test_the_world_of_the_report_is_scored_under_one_plan(
    trained, rendered_worlds, tmp_path, monkeypatch
):
    home = Home(trained, tmp_path)
    monkeypatch.setattr(results_module, "measure_trial", lambda _: 1 / 0)
    with pytest.raises(RuntimeError, match="networks that failed: 6"):
        run(home, rendered_worlds, "report")
    assert measured_plans(home.latest_results("report")) == (PLAN.digest,), "it counts at once"
    other = {**TREE, "n_seeds": 3}
    said = told(home.measure(rendered_worlds, "report", other))
    assert "need the plan" in said
    assert "say is_remeasured: true" in said
    for tree, world in ((TREE, "report"), (other, "selection")):
        plan = Plan.model_validate(tree)
        refuse_second_report(plan, world, home.opened, is_remeasured=False)
    plan = Plan.model_validate(other)
    refuse_second_report(plan, "report", home.opened, is_remeasured=True)


def test_trials_of_another_plan_are_not_measured(trained, rendered_worlds, tmp_path):
    home = Home(trained, tmp_path)
    said = told(home.measure(rendered_worlds, tree={**TREE, "n_seeds": 3}))
    assert "need trials of the plan" in said
    assert "materialize experiment_trials with this plan first" in said


def test_a_world_without_its_table_is_refused(rendered_worlds, tmp_path):
    world = render_benchmarks(PLAN, "selection", rendered_worlds, Engine(mode="inline"))
    (tmp_path / "miniature_frames.csv").write_text("dataset,split,frame_id,is_unseen\n")
    for name in ("cityscapes", "miniature.json"):
        (tmp_path / name).symlink_to(f"{world.root}/{name}")
    with pytest.raises(ValueError, match="need a row of cityscapes/val/"):
        held_benchmarks(replace(world, root=str(tmp_path)))
