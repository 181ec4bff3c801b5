"""The console command: what it prints, and how it ends."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from assets.resources import ManifestStore
from pipelines.cli import app
from pipelines.settings import read_settings
from storage.datasets.road_anomaly import write_road_anomaly_frame

SAMPLES_GAPS = 16


@pytest.fixture
def run():
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def data_root(tmp_path):
    image = np.zeros((20, 30, 3), np.uint8)
    for name in ("1", "2"):
        ood = np.zeros((20, 30), np.uint8)
        ood[5:8, 5:8] = 1
        write_road_anomaly_frame(tmp_path / "road_anomaly", name=name, image=image, ood=ood)
    return tmp_path


def test_sound_data_end_with_0(run, data_root):
    answer = run("check-data", data_root)
    assert answer.exit_code == 0, answer.output
    assert "RoadAnomaly" in answer.output


def test_findings_end_with_1_and_name_file_fact_and_cure(run, data_root):
    (data_root / "road_anomaly" / "frames" / "2.jpg").unlink()
    (data_root / "holiday").mkdir()
    answer = run("check-data", data_root)
    assert answer.exit_code == 1
    assert "frames/2.jpg" in answer.output
    assert "fetch the image" in answer.output
    assert "not recognized, not counted: holiday" in answer.output


def test_json_is_the_whole_report(run, data_root):
    (data_root / "road_anomaly" / "frames" / "2.jpg").unlink()
    report = json.loads(run("check-data", data_root, "--json").stdout)
    assert [row["n_pairs"] for row in report["rows"]] == [1]
    assert report["findings"][0]["path"].endswith("frames/2.jpg")


@pytest.mark.parametrize("words", [["check-data"], ["check-data", "/no/such/folder"], ["fly"]])
def test_misuse_ends_with_2(run, words):
    assert run(*words).exit_code == 2


@pytest.mark.slow
def test_the_samples_have_exactly_their_known_gaps(run, samples):
    answer = run("check-data", samples, "--json")
    assert answer.exit_code == 1
    findings = json.loads(answer.stdout)["findings"]
    assert len(findings) == SAMPLES_GAPS
    assert {finding["dataset"] for finding in findings} == {"cityscapes"}


def test_a_folder_with_other_files_is_never_written_to(run, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    answer = run("miniature", tmp_path, "--frames", 1)
    assert answer.exit_code == 1
    assert "new or empty folder" in answer.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_help_names_every_command(run):
    answer = run("--help")
    assert all(name in answer.output for name in ("demo", "ui", "check-data", "miniature"))


def test_impossible_sizes_leave_nothing_behind(run, tmp_path):
    answer = run("miniature", tmp_path / "world", "--others", "inf")
    assert answer.exit_code == 1
    assert "need frames to plan" in answer.output
    assert not (tmp_path / "world").exists()


def test_a_wrong_variable_is_one_line_and_no_traceback(monkeypatch, run):
    read_settings.cache_clear()
    monkeypatch.setenv("MULTISHIFT_ENGINE_WORKERS", "-1")
    answer = run("vacuum")
    read_settings.cache_clear()
    assert answer.exit_code == 1
    assert answer.output.startswith("error ValueError: MULTISHIFT_ENGINE_WORKERS")


def test_a_store_below_a_file_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="MULTISHIFT_STORE_ROOT"):
        ManifestStore(root=str(tmp_path / "file" / "store")).open()
