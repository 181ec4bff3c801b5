"""The definitions load light, through both doors of Dagster, and hold what people look for."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets.engine.resource import Engine
from pipelines.cli import Architecture
from pipelines.definitions import build_definitions, defs
from pipelines.settings import Settings
from storage.datasets.registry import DATASETS

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
HEAVY = (
    "torch",
    "torchvision",
    "diffusers",
    "transformers",
    "controlnet_aux",
    "dask",
    "distributed",
    "scipy",
    "matplotlib",
)


def test_loading_imports_nothing_heavy():
    code = f"import sys, pipelines.definitions; print([m for m in {HEAVY} if m in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    [
        ["dagster", "definitions", "validate", "--workspace", "workspace.yaml"],
        ["dg", "check", "defs"],
    ],
)
def test_both_doors_of_dagster_accept_the_definitions(command, tmp_path):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    told = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_data_set_is_an_observable_source():
    graph = defs.resolve_asset_graph()
    for dataset in DATASETS:
        node = graph.get(dg.AssetKey(dataset.name))
        assert node.is_observable
        assert node.group_name == "sources"
        assert node.kinds == set(dataset.kinds)
        assert node.metadata["license"]


def test_the_bank_follows_its_sources_and_blocks_what_follows():
    graph = defs.resolve_asset_graph()
    bank = graph.get(dg.AssetKey("ood_objects"))
    assert {key.to_user_string() for key in bank.parent_keys} == {
        "ade20k",
        "ade20k_challenge",
        "coco",
        "retractions",
    }
    specs = [graph.get_check_spec(key) for key in bank.check_keys]
    assert len(specs) == 5
    assert all(spec.blocking for spec in specs)


def test_labels_follow_verdicts_and_verdicts_follow_scores():
    graph = defs.resolve_asset_graph()
    verdicts, labels = (
        graph.get(dg.AssetKey(f"{stage}_scenes")) for stage in ("filtered", "labelled")
    )
    assert verdicts.parent_keys == {
        dg.AssetKey("synthetic_scenes"),
        dg.AssetKey("detector_calibration"),
    }
    others = {dg.AssetKey(name) for name in ("cityscapes_cities", "retractions")}
    assert labels.parent_keys == {verdicts.key, *others}
    for node, n_checks in ((verdicts, 3), (labels, 5)):
        specs = [graph.get_check_spec(key) for key in node.check_keys]
        assert len(specs) == n_checks
        assert all(spec.blocking for spec in specs)
    job = defs.resolve_job_def("label_scenes")
    assert set(job.asset_layer.selected_asset_keys) == {verdicts.key, labels.key}


def test_a_training_set_may_take_any_round_and_set_and_blocks_what_follows():
    graph = defs.resolve_asset_graph()
    node = graph.get(dg.AssetKey("training_set"))
    scenes = {dg.AssetKey(name) for name in ("labelled_scenes", "imported_scenes", "cityscapes")}
    decisions = {dg.AssetKey(name) for name in ("reviews", "retractions")}
    assert node.parent_keys == scenes | decisions
    specs = [graph.get_check_spec(key) for key in node.check_keys]
    assert len(specs) == 5
    assert all(spec.blocking for spec in specs)


def test_a_checkpoint_follows_its_training_set_one_to_one_and_blocks_what_follows():
    graph = defs.resolve_asset_graph()
    node = graph.get(dg.AssetKey("segmenter_checkpoint"))
    pairs = graph.get(dg.AssetKey("training_set"))
    known = graph.get(dg.AssetKey("closed_set_checkpoint"))
    assert node.parent_keys == {pairs.key, dg.AssetKey("ood_objects"), known.key}
    assert node.partitions_def == pairs.partitions_def
    specs = [graph.get_check_spec(key) for key in node.check_keys]
    assert len(specs) == 3
    assert all(spec.blocking for spec in specs)


def test_what_knows_the_known_classes_follows_the_photographs_and_has_a_job():
    known = defs.resolve_asset_graph().get(dg.AssetKey("closed_set_checkpoint"))
    assert known.parent_keys == {dg.AssetKey("cityscapes")}
    assert set(known.partitions_def.get_partition_keys()) <= {a.value for a in Architecture}
    job = defs.resolve_job_def("train_closed_set")
    assert set(job.asset_layer.selected_asset_keys) == {known.key}


def test_the_jobs_are_those_that_people_look_for():
    jobs = {job.name: job for job in defs.resolve_all_job_defs() if not job.name.startswith("__")}
    assert {"generate", "train", "evaluate", "demo", "train_miniature_bundle"} <= set(jobs)
    assert all(job.description for job in jobs.values())
    assert set(jobs["generate"].asset_layer.selected_asset_keys) == {
        dg.AssetKey(name)
        for name in ("scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes")
    }


def test_every_asset_says_whose_it_is_and_what_it_holds():
    graph = defs.resolve_asset_graph()
    for node in graph.asset_nodes:
        name = node.key.to_user_string()
        assert node.group_name in {
            *("sources", "decisions", "objects", "scenes", "training", "evaluation", "experiment"),
        }, name
        assert node.owners == ["team:data"], name
        assert node.description, name
        if node.is_materializable:
            assert node.code_version, name
            assert node.kinds, name


def test_settings_reach_the_resources():
    settings = Settings(
        data_root="/d",
        store_root="/s",
        selections_root="/c",
        work_root="/w",
        training_device="cuda:1",
        loader_workers=7,
        engine_mode="processes",
        engine_workers=3,
    )
    built = build_definitions(settings)
    assert built.resources["data"].path == "/d"
    assert built.resources["store"].root == "/s"
    assert built.resources["selection_files"].root == "/c"
    place = built.resources["training_place"]
    assert (place.work_root, place.device, place.n_loader_workers) == ("/w", "cuda:1", 7)
    assert (built.resources["engine"].mode, built.resources["engine"].n_workers) == ("processes", 3)


def test_resources_can_be_replaced():
    engine = Engine(mode="inline", item_timeout_s=1)
    assert build_definitions(Settings(), resources={"engine": engine}).resources["engine"] is engine


def test_the_instance_keeps_its_state_out_of_our_packages():
    instance = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    places = [
        instance["storage"]["sqlite"]["base_dir"],
        instance["local_artifact_storage"]["config"]["base_dir"],
        instance["compute_logs"]["config"]["base_dir"],
    ]
    assert all(place.startswith(".multishift/") for place in places)
    assert instance["telemetry"]["enabled"] is False
    assert "[tool.dagster]" not in (ROOT / "pyproject.toml").read_text(), "it would hide workspace"
