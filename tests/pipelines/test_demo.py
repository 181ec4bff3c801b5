"""The demo as a newcomer runs it: real commands, a real Dagster instance, real files."""

import csv
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from assets.segmenters.settings import configuration_of
from assets.selecting.files import parse_selection
from models.miniature import OBJECT_KINDS, WORLD_VERSION
from pipelines.cli import app
from pipelines.commands import demo as demo_command
from pipelines.commands.demo import learn_and_measure
from pipelines.commands.demo_evaluation import NO_QUALITY
from pipelines.commands.demo_scenes import missing_network
from pipelines.commands.demo_training import known_classes, two_stages, write_selection
from pipelines.settings import Settings
from storage.datasets.check import check_root
from storage.records import OodObject
from storage.scene_records import LabelledScene
from storage.store import open_store
from storage.training_records import ClosedSetCheckpoint, SegmenterCheckpoint
from storage.world import PAPER_WORLD, write_marker


def test_the_miniature_world_has_no_gap(demo):
    report = check_root(demo.data_root)
    assert not report.findings
    assert not report.unrecognized
    pairs = {(row.dataset, row.split): row.n_pairs for row in report.rows}
    assert pairs["cityscapes", "train"] == demo.n_train
    assert len({dataset for dataset, _ in pairs}) == 12, "all data sets but the generated one"


def test_a_finished_world_is_not_written_again(demo):
    before = {path: path.stat().st_mtime_ns for path in demo.data_root.rglob("*")}
    told = demo.run("miniature", demo.data_root, "--frames", demo.n_train, "--others", 0.1)
    assert "already holds" in told
    assert {path: path.stat().st_mtime_ns for path in demo.data_root.rglob("*")} == before


def test_reserved_kinds_stay_out_of_the_bank_and_out_of_training(demo):
    reserved = {kind.name for kind in OBJECT_KINDS if kind.is_reserved}
    with (demo.data_root / "miniature_frames.csv").open() as stream:
        frames = list(csv.DictReader(stream))
    sources = {"cityscapes", "ade20k", "ade20k_challenge", "coco"}
    assert all(row["is_unseen"] == "False" for row in frames if row["dataset"] in sources)
    assert any(row["is_unseen"] == "True" for row in frames)
    store = open_store(demo.store_root)
    objects = store.manifests.read_records("ood_objects", "ood_objects", OodObject)
    assert reserved.isdisjoint(row.class_name for row in objects)


def test_the_demo_ends_with_a_table_and_the_path_of_the_contact_sheet(demo):
    store = open_store(demo.store_root)
    objects = store.manifests.read_records("ood_objects", "ood_objects", OodObject)
    assert sum(row.verdict == "kept" for row in objects) > 10
    assert "Bank of out-of-distribution objects" in demo.output
    (line,) = [row for row in demo.output.splitlines() if row.startswith("contact sheet: ")]
    sheet = np.asarray(Image.open(Path(line.removeprefix("contact sheet: "))))
    assert sheet.std() > 10, "the sheet shows something"


def test_the_runs_are_on_the_instance_with_versions_that_agree(demo):
    with dg.DagsterInstance.from_config(str(demo.home)) as instance:
        runs = {run.job_name: run for run in instance.get_runs()}
        event = instance.get_latest_materialization_event(dg.AssetKey("ood_objects"))
    assert {name: run.status.value for name, run in runs.items()} == dict.fromkeys(
        (
            *("observe_data", "build_bank", "open_round", "calibrate_detector", "generate"),
            *("train_closed_set", "select_training_set", "train", "evaluate"),
        ),
        "SUCCESS",
    )
    tags = event.asset_materialization.tags
    version = open_store(demo.store_root).manifests.latest("ood_objects")
    assert tags["dagster/data_version"] == version.fingerprint
    assert version.run_id == runs["build_bank"].run_id
    assert version.provenance["world"] == "miniature"
    for source in ("ade20k", "ade20k_challenge", "coco"):
        assert (
            tags[f"dagster/input_data_version/{source}"] == version.provenance[f"source/{source}"]
        )


def test_vacuum_keeps_what_is_needed(demo):
    told = demo.run("vacuum", "--min-age-hours", 0)
    assert "removed 0 versions" in told
    assert "0 blobs" in told


@pytest.mark.parametrize("is_complete", [True, False])
def test_a_former_world_is_named_with_what_to_do(monkeypatch, tmp_path, is_complete):
    root = tmp_path / "data"
    root.mkdir()
    write_marker(root, {"world_version": "1", "scene_height_px": 128, "is_complete": is_complete})
    # No variable set: only then does the demo write the world itself.
    settings = Settings.model_construct(_fields_set=set(), data_root=str(root))
    monkeypatch.setattr(demo_command, "read_settings", lambda: settings)
    monkeypatch.setattr(demo_command, "STATE_ROOT", tmp_path)
    monkeypatch.setattr(demo_command, "choose_instance", lambda: None)
    answer = CliRunner().invoke(app, ["demo"])
    assert answer.exit_code == 1
    assert "holds version 1 of the miniature world" in answer.output
    assert f"draws version {WORLD_VERSION}" in answer.output
    assert f"(rm -r {root})" in answer.output
    assert [path.name for path in root.iterdir()] == ["miniature.json"]


def test_what_is_missing_to_draw_scenes_is_named_with_its_cure(demo, tmp_path):
    data_root, models_root = str(demo.data_root), str(tmp_path / "models")
    small = Settings(data_root=data_root, miniature_set=str(tmp_path))
    assert f"no {tmp_path / 'settings.json'}; the job train_" in missing_network(small)
    published = Settings(data_root=data_root, models_root=models_root, networks="paper")
    assert "control_sd15_seg.pth; `multishift fetch` gets" in missing_network(published)
    whole = demo.environment["MULTISHIFT_MINIATURE_SET"]
    assert missing_network(Settings(data_root=data_root, miniature_set=whole)) is None


def test_the_demo_ends_with_labelled_scenes_and_a_page(demo):
    store = open_store(demo.store_root)
    cities = store.manifests.partitions("labelled_scenes")
    rows = [
        row
        for city in cities
        for row in store.manifests.read_records(
            "labelled_scenes", "labelled_scenes", LabelledScene, partition=city
        )
    ]
    assert len(rows) == demo.n_train
    for row in rows:
        label = store.blobs.get_image(row.label_sha256)
        assert label.shape == store.blobs.get_image(row.image_sha256).shape[:2]
        assert set(np.unique(label)) <= {*range(19), 254, 255}
    (line,) = [row for row in demo.output.splitlines() if row.startswith("scenes to look at: ")]
    page = Path(line.removeprefix("scenes to look at: ")).read_text(encoding="utf-8")
    assert all(row.frame_id in page for row in rows)


def test_the_demo_ends_with_a_network_that_was_trained_on_its_scenes(demo):
    store = open_store(demo.store_root)
    known = store.manifests.wanted("closed_set_checkpoint", "deeplab_miniature")
    (start,) = store.manifests.read_records(
        known.asset, "closed_set_checkpoints", ClosedSetCheckpoint, partition=known.partition
    )
    version = store.manifests.wanted("segmenter_checkpoint", "demo")
    assert version.parents.keys() == {
        "training_set/demo",
        "closed_set_checkpoint/deeplab_miniature",
        *(key for key in version.parents if key.startswith("ood_objects/")),
    }
    rows = store.manifests.read_records(
        version.asset, "segmenter_checkpoints", SegmenterCheckpoint, partition="demo"
    )
    assert {row.initial_sha256 for row in rows} == {start.checkpoint_sha256}
    for told in ("deeplab_miniature on the known classes", "Selection scores of", "curve: "):
        assert told in demo.output
    (line,) = [row for row in demo.output.splitlines() if row.startswith("curve: ")]
    assert np.asarray(Image.open(Path(line.removeprefix("curve: ")))).std() > 10
    (path,) = (demo.home / "selections").glob("*.toml")
    assert parse_selection(path.read_text(), "demo").rounds == ("round-1",)


def test_the_demo_reports_on_the_benchmarks_of_its_world(demo):
    assert "All pixels of a benchmark together, in percent" in demo.output
    (line,) = [row for row in demo.output.splitlines() if row.startswith("report of the ")]
    page = Path(line.partition(": ")[2]).read_text(encoding="utf-8")
    assert all(title in page for title in ("RoadAnomaly21", "ACDC-POC"))
    assert NO_QUALITY not in demo.output
    assert "The images are those of the miniature world" in page


def test_a_selection_of_the_demo_that_is_there_stays(tmp_path):
    path = write_selection(tmp_path)
    path.write_text('rounds = "all"')
    assert write_selection(tmp_path) == path
    assert path.read_text() == 'rounds = "all"'


@pytest.mark.parametrize("networks", ["world", "paper"])
def test_real_frames_are_not_trained_on_with_networks_of_the_paper(tmp_path, capsys, networks):
    settings = Settings(data_root=str(tmp_path), networks=networks)
    assert learn_and_measure(settings, open_store(tmp_path / "store"))
    assert "no training: real frames take a GPU" in capsys.readouterr().out


def test_real_frames_are_learned_from_smaller():
    chosen = two_stages(PAPER_WORLD)
    config = configuration_of(chosen.architecture, chosen.edition, chosen.settings)
    geometry = config["transform"]["geometry"]
    assert (geometry["scales"], geometry["resize_probability"]) == ([0.25], 1.0)
    assert known_classes(PAPER_WORLD).short_side_px == 1024 * 0.25
    quick = two_stages(PAPER_WORLD, is_quick=True).settings
    assert quick["transform"] == chosen.settings["transform"]


@pytest.mark.slow
def test_a_preview_is_a_picture_and_its_scores(demo, tmp_path):
    frame = next(demo.data_root.glob("cityscapes/leftImg8bit/train/*/*.png"))
    words = ("preview", frame.name.removesuffix("_leftImg8bit.png"), "--out", tmp_path / "a.png")
    told = demo.run(*words, "--prompt", "a red box on the road.")
    assert "prompt: a red box on the road." in told
    assert told.startswith(("accepted: IoU", "rejected"))
    assert np.asarray(Image.open(tmp_path / "a.png")).std() > 10
