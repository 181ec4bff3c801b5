"""The command on a tiny plan, with the shipped networks: from scenes to the page; then again."""

import pytest
import yaml

from assets.experiment.names import RESULTS, TRIALS, results_partition
from assets.experiment.results import results_of
from storage.experiment_records import ExperimentTrial
from storage.store import open_store
from tests.pipelines.conftest import own_folders, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

N_SEEDS = 2
SHORT = {
    "batch_size": 2,
    "stages": [{"n_epochs": 1}, {"n_epochs": 1}],
    "transform": {"geometry": {"crop": [64, 64]}},
}
PLAN = {
    "name": "tiny",
    "worlds": {
        "training": {"n_train": 9, "others_frac": 0.05, "seed": 0},
        "selection": {"n_train": 2, "others_frac": 0.05, "seed": 1},
        "report": {"n_train": 2, "others_frac": 0.05, "seed": 2},
    },
    "n_seeds": N_SEEDS,
    "data": {
        "full": {
            "requests": {"max_frames": 2, "max_attempts": 1},
            "scenes": {"accepts_all": True},
            "labels": {"label_mask": "pasted"},
        }
    },
    "arms": {
        "baseline": {"title": "known classes"},
        "full": {"title": "everything", "data": "full"},
    },
    "networks": {
        "deeplab_miniature": {
            "seconds": 1,
            "closed_set": {"n_epochs": 1, "batch_size": 2, "crop_px": 64},
            "settings": SHORT,
        }
    },
    "headline": {
        "architecture": "deeplab_miniature",
        "arm": "full",
        "against": ["baseline"],
        "metrics": ["ap"],
        "unknown": ["road_anomaly"],
        "shifted": ["acdc"],
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(PLAN))
    return folder


@pytest.fixture(scope="module")
def environment(home):
    return own_folders(home, home / "data")


@pytest.fixture(scope="module")
def told(home, environment):
    return run(environment, "experiment", home / "tiny.yaml", timeout_s=1500)


def test_the_cost_is_said_first_and_the_page_last(told, home):
    lines = told.splitlines()
    assert lines[0].startswith("plan tiny, digest ")
    page = home / "store" / "reports" / "experiment" / "tiny-selection.html"
    assert lines[-1] == f"what holds and what does not: {page}"
    assert "everything" in page.read_text()
    assert page.with_suffix(".md").is_file()


def test_every_trial_has_its_row_and_its_numbers(told, home):
    store = open_store(home / "store")
    trials = store.manifests.read_records(TRIALS, TRIALS, ExperimentTrial, partition="tiny")
    named = {(trial.arm, trial.seed) for trial in trials}
    assert named == {(arm, seed) for arm in PLAN["arms"] for seed in range(N_SEEDS)}
    version = store.manifests.wanted(RESULTS, results_partition("tiny", "selection"))
    measured = {(row.arm, row.seed) for row in results_of(version, store).results}
    assert measured == named


def test_a_second_run_trains_nothing_anew(told, home, environment):
    manifests = open_store(home / "store").manifests
    former = manifests.wanted(TRIALS, "tiny").version
    run(environment, "experiment", home / "tiny.yaml", timeout_s=600)
    assert manifests.wanted(TRIALS, "tiny").version == former
