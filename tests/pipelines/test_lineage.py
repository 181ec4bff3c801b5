"""`multishift lineage`: trees for people, JSON for machines, one line for what is not there."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import read_settings
from storage.store import open_store
from tests.assets.labelling.drawn_world import PARTITION
from tests.assets.segmenters.conftest import NAME
from tests.assets.tracing.conftest import traced_home, traced_world
from tests.assets.tracing.traced_world import FRAMES, SAMPLE

__all__ = ["traced_home", "traced_world"]


@pytest.fixture
def ask(traced_home, monkeypatch):
    """Ask about something in the small world; code and output."""
    for name in ("store", "data"):
        monkeypatch.setenv(f"MULTISHIFT_{name.upper()}_ROOT", str(traced_home / name))
    read_settings.cache_clear()
    yield _ask
    read_settings.cache_clear()


def _ask(*words):
    answer = CliRunner().invoke(app, ["lineage", *map(str, words)])
    assert "Traceback" not in answer.output
    return answer.exit_code, answer.output


@pytest.fixture
def checkpoint(traced_home):
    return traced_home / "best.safetensors"


def test_a_checkpoint_is_a_tree_to_its_samples(ask, checkpoint):
    code, output = ask(checkpoint)
    assert code == 0, output
    for words in (
        f"deeplab_miniature of selection {NAME}, step 6",
        "best and last of its training in segmenter_checkpoint mine, version 1",
        "selection score  AP 0.7500, mIoU 0.5000 on 1 held-out frames",
        "code version  1",
        "training_set mine, version 1: there",
        "made from labelled_scenes/lisbon|round-1, version 1",
        "ood_objects all, version 1: there",
        "learned from",
        "scored, never learned from",
        f"labelled_scenes/round-1/{FRAMES[0]}/0  picture ",
        "license of the generator",
    ):
        assert words in output
    assert "not as it was" not in output
    assert "crop" not in output
    assert "crop" in ask(checkpoint, "--all")[1]


def test_a_sample_is_a_tree_to_its_checkpoints(ask):
    code, output = ask(SAMPLE)
    assert code == 0, output
    for words in (
        f"frame  {FRAMES[0]} of Cityscapes, city lisbon",
        "there, the same bytes",
        '"a prompt of 0"',
        "none: the plain template",
        "attempt 1 of round-1",
        "tiny@0123",
        "settings  min_iou 0.7",
        "chair  ade20k/train/0",
        "image.jpg of ade20k/train",
        "attempt 0  rejected: sam_disagrees",
        "attempt 1  accepted, chosen",
        "license of cityscapes",
        "deeplab_miniature of mine, step 6 (best and last)",
    ):
        assert words in output, words
    assert "not as it was" not in output


def test_what_is_gone_is_told_in_the_tree(ask, traced_home):
    store = open_store(traced_home / "store")
    for asset in ("synthetic_scenes", "labelled_scenes", "ood_objects"):
        shutil.rmtree(store.manifests.folder / asset)
    code, output = ask(SAMPLE)
    assert code == 0
    assert "not in the bank any more" in output
    assert "attempts  not in the store any more" in output
    assert f"synthetic_scenes {PARTITION}: is not in the store any more" in output
    code, output = ask(traced_home / "best.safetensors")
    assert code == 0
    assert "not as it was" in output
    assert "ood_objects all, version 1: not there any more" in output


def test_a_file_is_enough_where_there_is_no_store(ask, checkpoint, traced_home):
    shutil.rmtree(traced_home / "store")
    code, output = ask(checkpoint)
    assert code == 0, output
    assert "no store in " in output
    assert "not looked for: no store" in output
    assert not (traced_home / "store").exists()
    code, output = ask(SAMPLE)
    assert code == 1
    assert "need a safetensors file where there is no store" in output


def test_json_is_for_machines(ask, checkpoint):
    for asked, kind in ((checkpoint, "checkpoint"), (SAMPLE, "sample")):
        answer = CliRunner().invoke(app, ["lineage", str(asked), "--json"])
        assert json.loads(answer.stdout)["kind"] == kind
    told = json.loads(ask(checkpoint, "--json")[1])
    assert len(told["samples"]) == 4
    assert set(told["samples"][0]) == {"sample", "role", "image_sha256"}
    assert told["inputs"][0]["fingerprint"] == told["facts"]["manifest_fingerprint"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (f"{SAMPLE[:-1]}8", "the nearest: "),
        ("abcdef", "need a file of weights, or a SHA-256"),
        (FRAMES[1], "need the name of one sample, got 2 that fit"),
    ],
)
def test_what_is_unknown_is_one_line(ask, asked, said):
    code, output = ask(asked)
    assert code == 1
    assert said in output
    assert output.count("\n") == 1


def test_a_sample_is_a_page_where_that_is_asked_for(ask, checkpoint, tmp_path):
    file = tmp_path / "sample.html"
    code, output = ask(SAMPLE, "--html", file)
    assert code == 0, output
    assert file.read_bytes().startswith(b"<!DOCTYPE html>")
    code, output = ask(checkpoint, "--html", tmp_path / "none.html")
    assert code == 1
    assert "need a sample for a page, got a checkpoint" in output
    assert not (tmp_path / "none.html").exists()
