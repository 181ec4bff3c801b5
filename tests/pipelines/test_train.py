"""`multishift train`: from a selection to checkpoints, interrupted and gone on, and bad input."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from assets.segmenters import keeping
from pipelines.cli import app
from pipelines.commands import runs
from pipelines.commands.train_curve import sparkline
from pipelines.commands.train_settings import config_of
from pipelines.definitions import build_definitions
from pipelines.settings import Settings, read_settings
from storage.images import read_label, write_png
from storage.scene_records import LabelledScene
from storage.store import open_store
from tests.assets.segmenters.conftest import commit_bank
from tests.assets.segmenters.conftest import made as made_home
from tests.storage.export.scenes import commit

made = made_home

QUICK = [
    "stages.0.n_epochs=1",
    "stages.1.n_epochs=1",
    "transform.geometry.crop=[24, 48]",
    "batch_size=1",
    "is_channels_last=false",
    "held_out_frac=0.2",
    "n_between_logs=2",
    "n_between_checkpoints=3",
]
OPTIONS = [word for change in QUICK for word in ("--set", change)]


@pytest.fixture
def home(made, tmp_path):
    """Data and store of the small training set, a bank, and an empty Dagster instance."""
    for name in ("data", "store"):
        shutil.copytree(made / name, tmp_path / name)
    commit_bank(open_store(tmp_path / "store"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    (tmp_path / "selections").mkdir()
    return tmp_path


@pytest.fixture
def run(home, monkeypatch):
    """Run a command below ``tmp_path``; its code and output in one line."""
    monkeypatch.chdir(Path.cwd())  # choose_instance changes it
    names = ("store", "data", "selections", "work")
    roots = {f"{name}_root": str(home / name) for name in names}
    monkeypatch.setenv("DAGSTER_HOME", str(home / "home"))
    for name, value in {**roots, "loader_workers": "0", "training_device": "meta"}.items():
        monkeypatch.setenv(f"MULTISHIFT_{name.upper()}", value)
    settings = Settings(**roots, loader_workers=0, training_device="meta")
    monkeypatch.setattr(runs, "defs", build_definitions(settings))
    read_settings.cache_clear()
    yield lambda *words: _answer(words, home)
    read_settings.cache_clear()


def _answer(words, home):
    answer = CliRunner().invoke(app, words)
    output = answer.output.replace(f"{home}/", "")
    assert answer.exception is None or isinstance(answer.exception, SystemExit)
    assert "Traceback" not in output
    return answer.exit_code, " ".join(output.split())


@pytest.fixture
def train(run):
    """``multishift train`` of a small network on the CPU with quick settings."""
    small = ("--architecture", "deeplab_miniature", "--device", "cpu", *OPTIONS)
    return lambda *words: run("train", *words, *small)


def test_a_selection_becomes_checkpoints_with_their_curve(train, run, home):
    code, output = train()
    assert code == 0, output
    assert "Dagster job select_training_set, partition default" in output
    assert "version 1: 7 pairs, data version " in output
    assert "epoch 2/2, step " in output
    assert "Selection scores of deeplab_miniature, selection default" in output
    assert "loss " in output
    assert (home / "store/reports/segmenter_checkpoint/default-deeplab_miniature.png").is_file()
    assert 'load_segmenter("deeplab_miniature", "store/blobs/' in output
    digits = output.partition("multishift lineage ")[2][:12]
    code, told = run("lineage", digits)
    assert code == 0, told
    assert "deeplab_miniature of selection default" in told
    assert "not as it was" not in told
    code, output = train()
    assert code == 0
    assert "nothing was trained: this training is finished" in output


def test_ctrl_c_ends_it_and_the_same_words_go_on(train, home, monkeypatch):
    see, seen = keeping.Keeper.see, []

    def interrupted(self, report):
        see(self, report)
        if report.step == 4:
            raise KeyboardInterrupt

    def noted(self, report):
        seen.append(report.step)
        see(self, report)

    with monkeypatch.context() as patch:
        patch.setattr(keeping.Keeper, "see", interrupted)
        code, output = train()
    assert code == 130
    assert "interrupted; run the same command again" in output
    monkeypatch.setattr(keeping.Keeper, "see", noted)
    code, output = train()
    assert code == 0, output
    assert seen[0] == 4  # the state of step 3 was kept
    assert "going on: " in output


def lose_scene(home):
    store = open_store(home / "store")
    rows = store.manifests.read("labelled_scenes", "labelled_scenes", partition="lisbon|round-1")
    store.blobs.path(rows["image_sha256"][0].as_py()).unlink()


def foreign_scene(home):
    store = open_store(home / "store")
    rows = store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition="lisbon|round-1"
    )
    label = np.full((rows[0].height_px, rows[0].width_px), 33, np.uint8)
    commit(store, [replace(rows[0], label_sha256=store.blobs.put_image(label)), *rows[1:]])


def foreign_label(home):
    path = next((home / "data").rglob("*_labelIds.png"))
    write_png(path, read_label(path) * 0 + 77)


def empty_scenes(home):
    store = open_store(home / "store")
    tables = {"labelled_scenes": [], "quarantine": []}
    store.manifests.commit("labelled_scenes", tables, partition="lisbon|round-1")


def unknown_round(home):
    (home / "selections" / "default.toml").write_text('rounds = ["round-9"]')


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (
            lose_scene,
            "need picture and label of all 7 chosen scenes, got 1 of which one is missing",
        ),
        (foreign_scene, "training_set: check labels_in_coding: label of labelled_scenes/round-1/"),
        (foreign_label, "training_set: check few_quarantined: 1 of 5 frames, limit 0.05"),
        (empty_scenes, "need scenes in labelled_scenes, got an empty manifest of all"),
        (unknown_round, "need a round that the store holds (round-1), got 'round-9'"),
    ],
)
def test_bad_input_ends_with_one_clear_error(train, home, harm, said):
    harm(home)
    code, output = train()
    assert code == 1
    assert said in output
    assert output.count("error ") == 1
    store = open_store(home / "store")
    assert store.manifests.latest("segmenter_checkpoint", "default") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["night"], "night.toml: need a selection file, got none"),
        (["--architecture", "unet"], "architecture: need 'world', 'deeplab_wrn38'"),
        (["--set", "batch_sise=4"], "batch_sise"),
        (["--set", "batch_size"], "--set batch_size: need KEY=VALUE"),
        (["--set", "n_processes=2"], "need a setting that has no option of its own"),
        (["--set", "stages.2.n_epochs=1"], "need one of the places 0 to 1, got '2'"),
        (["--set", "held_out_frac=3"], "held_out_frac: need less than 1"),
    ],
)
def test_misuse_is_one_line_and_no_run(run, words, said):
    code, output = run("train", *words)
    assert code == 1
    assert said in output
    assert "Dagster job" not in output


def test_an_initial_checkpoint_that_is_not_there_is_told_without_a_training(train):
    code, output = train("--initial-checkpoint", "none.safetensors")
    assert code == 1
    assert "none.safetensors: need a checkpoint to begin with, got no file" in output
    assert "Dagster job train," not in output


def test_changes_become_a_tree_that_fits_the_published_one():
    config = config_of("deeplab_miniature", "a.pth", 2, [*QUICK, "edition=paper"])
    assert (config.edition, config.held_out_frac, config.n_processes) == ("paper", 0.2, 2)
    assert config.settings["stages"] == [{"n_epochs": 1}, {"n_epochs": 1}]
    assert config.settings["transform"] == {"geometry": {"crop": [24, 48]}}
    assert config_of("world", "", 1, []).settings == {}


def test_a_sparkline_spans_its_values():
    assert sparkline([0, 1, 2, 3.5, 7]) == "▁▂▃▅█"  # 3.5 of 7 is bar 3.5, rounded to even
    assert sparkline([2.0, 2.0]) == "▁▁"
    assert len(sparkline(range(1000))) == 60
