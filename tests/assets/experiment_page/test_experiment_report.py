"""The asset: rows of the store in, page, Markdown and figure below its reports."""

import dagster as dg
import pytest

from assets.experiment.names import (
    CLAIMS,
    MEASURED_PLANS,
    N_MEASUREMENTS,
    RESULTS,
    TRIALS,
    register_experiment,
    results_partition,
)
from assets.experiment_page.reading import rows_of_version
from assets.experiment_report import experiment_report
from assets.lineage import parents_of
from assets.resources import ManifestStore
from storage.store import open_store


@pytest.fixture
def store(tmp_path, tiny):
    """A store with the trials, results and claims of the tiny experiment."""
    opened = open_store(tmp_path / "store")
    trials = opened.manifests.commit(
        TRIALS,
        {TRIALS: tiny.trials},
        partition="tiny",
        base=0,
        recipe="made",
        code_version="1",
        run_id="made",
    )
    opened.manifests.commit(
        RESULTS,
        {RESULTS: tiny.results, CLAIMS: tiny.claims},
        partition=results_partition("tiny", "report"),
        base=0,
        recipe="made",
        code_version="1",
        run_id="made",
        provenance={
            "plan": tiny.plan.digest,
            "plan_text": tiny.plan.model_dump_json(),
            "world": "report",
            MEASURED_PLANS: f"{'0' * 64} {tiny.plan.digest}",
            N_MEASUREMENTS: "3",
        },
        parents=parents_of(trials),
    )
    return opened


def test_the_page_lies_below_the_reports(tmp_path, store):
    with dg.DagsterInstance.ephemeral() as instance:
        register_experiment(instance, "tiny")
        done = dg.materialize(
            [experiment_report],
            instance=instance,
            partition_key=dg.MultiPartitionKey({"experiment": "tiny", "world": "report"}),
            resources={"store": ManifestStore(root=str(tmp_path / "store"))},
            selection=[experiment_report],
        )
    metadata = done.asset_materializations_for_node("experiment_report")[0].metadata
    folder = tmp_path / "store" / "reports" / "experiment"
    assert sorted(path.name for path in folder.iterdir()) == [
        "tiny-report.html",
        "tiny-report.md",
        "tiny-report.png",
    ]
    page = (folder / "tiny-report.html").read_text(encoding="utf-8")
    assert "2 plans scored on it so far, in 3 runs." in page
    assert metadata["results_version"].value == 1
    assert len(metadata["headline"].records) == 6
    assert "headline claims hold" in metadata["summary"].text


def test_rows_are_those_of_the_store(store, tiny):
    version = store.manifests.latest(RESULTS, results_partition("tiny", "report"))
    rows = rows_of_version(version, store)
    assert (rows.plan, rows.world) == (tiny.plan, "report")
    assert (set(rows.results), set(rows.trials)) == (set(tiny.results), set(tiny.trials))
    assert rows.versions == {RESULTS: 1, TRIALS: 1}
    assert (rows.n_plans_tried, rows.n_plans_scored, rows.n_runs) == (0, 2, 3)


def test_results_without_their_plan_or_trials_are_refused(store, tiny):
    from dataclasses import replace

    version = store.manifests.latest(RESULTS, results_partition("tiny", "report"))
    with pytest.raises(ValueError, match="need the plan that it was measured by"):
        rows_of_version(replace(version, provenance={}), store)
    with pytest.raises(ValueError, match="need the version of experiment_trials"):
        rows_of_version(replace(version, parents={}), store)
