"""The training as people run it: through Dagster, on the CPU, to the finished set."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assets.miniature_set.stages import STAGES
from assets.synthesis.presets import read_preset
from models.filtering import load_sam
from models.generation import load_bundle
from models.generation.training.recipe import TINY
from models.miniature import HEIGHT, WIDTH, WORLD_VERSION
from models.segmentation import load_segmenter
from tests.assets.miniature_set.conftest import run_job

ROOT = Path(__file__).resolve().parents[3]


def test_the_job_runs_to_its_end_and_tells_of_every_stage(trained):
    assert trained.result.success
    for name in STAGES:
        metadata = metadata_of(trained, name)
        assert metadata["seconds"].value >= 0
        assert Path(metadata["folder"].value).is_dir()
    assert "curve" in metadata_of(trained, "diffusion")
    assert metadata_of(trained, "diffusion")["steps_per_s"].value > 0


def metadata_of(trained, name):
    events = trained.result.all_node_events
    return next(
        e.step_output_data.metadata for e in events if e.is_successful_output and e.step_key == name
    )


def test_the_set_is_what_the_doors_load(trained):
    bundle = load_bundle(trained.output / "generator")
    assert bundle.stride == 8
    assert load_sam(trained.output / "sam.safetensors").architecture == "sam_miniature"
    load_segmenter("deeplab_miniature", trained.output / "detector.safetensors")
    assert json.loads((trained.output / "settings.json").read_text()) == {
        "sampler": "ddim",
        "n_steps": 1,
        "guidance": 1.0,
        "short_side_px": HEIGHT,
        "height_px": HEIGHT,
        "width_px": WIDTH,
        "ood_quantile": 0.95,
        "min_iou": 0.7,
        "license": "Apache-2.0",
    }
    assert read_preset(trained.output / "settings.json").guidance == 1.0
    names = {path.name for path in trained.output.iterdir()}
    assert names == {
        *("README.md", "curves.png", "detector.safetensors", "generator", "quality.json"),
        *("sam.safetensors", "samples.webp", "settings.json"),
    }


def test_quality_tells_known_and_reserved_scenes_apart(trained):
    quality = json.loads((trained.output / "quality.json").read_text())
    for kind in ("known", "reserved"):
        found = quality[kind]
        for side in ("generated", "rendered"):
            assert 0 <= found[side]["faithfulness"]["miou"] <= 1
            assert 0 <= found[side]["filter"]["passed_frac"] <= 1
            assert found[side]["filter"]["n_attempts"] == TINY.scenes.n_measured
        assert found["frechet"] >= 0
        assert set(found["ratios"]) == {"miou", "condition_agreement", "passed_frac", "ood_iou"}
    assert quality["known"] != quality["reserved"]
    assert quality["others"][0]["n_steps"] == 1


def test_the_card_tells_what_was_measured(trained):
    card = (trained.output / "README.md").read_text()
    quality = json.loads((trained.output / "quality.json").read_text())
    assert "license: apache-2.0" in card
    assert f"version {WORLD_VERSION}" in card
    assert "recipe `tiny`" in card
    assert f"| diffusion.fit.n_steps | {TINY.diffusion.fit.n_steps} |" in card
    miou = quality["reserved"]["rendered"]["faithfulness"]["miou"]
    assert f" {miou:.3f} " in card
    for name in ("curves.png", "samples.webp"):
        assert f"]({name})" in card
        with Image.open(trained.output / name) as picture:
            assert np.asarray(picture).std() > 5
    assert "generator/unet/diffusion_pytorch_model.safetensors" in card
    assert str(trained.work) not in card  # nothing of this machine's folders


def test_a_second_run_keeps_every_stage_and_gives_the_same_set(trained, tmp_path):
    again = run_job(trained.work, tmp_path / "set")
    assert again.success
    for path in trained.output.rglob("*.safetensors"):
        copy = tmp_path / "set" / path.relative_to(trained.output)
        assert copy.read_bytes() == path.read_bytes()
    assert (tmp_path / "set/README.md").read_text() == (trained.output / "README.md").read_text()


def test_a_folder_with_something_else_is_refused(trained, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    found = run_job(trained.work, tmp_path)
    assert not found.success
    assert "or a former set, found thesis.tex" in reason_of(found)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"recipe": "huge"}, "need a recipe of full, probe, tiny, got 'huge'"),
        ({"device": "abacus"}, "need a device that torch can use, got 'abacus'"),
    ],
)
def test_bad_config_ends_with_one_line(tmp_path, config, told):
    found = run_job(tmp_path / "work", tmp_path / "set", **config)
    assert not found.success
    assert told in reason_of(found)
    assert not (tmp_path / "set").exists()


def reason_of(result):
    failed = [event for event in result.all_events if event.is_step_failure]
    data = failed[0].step_failure_data
    assert data.user_failure_data is not None  # a person must mend it: not tried again
    return data.user_failure_data.description


def test_a_script_needs_neither_dagster_nor_dask():
    code = (
        "import sys\n"
        "from assets.miniature_set import finishing, processes, stages\n"
        "heavy = ('dagster', 'dask', 'distributed', 'torch', 'diffusers', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
