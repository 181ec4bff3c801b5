"""`multishift import`: a set becomes a partition, and an export of it is what it was."""

from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands import import_set, runs
from pipelines.definitions import build_definitions
from pipelines.settings import Settings, read_settings
from storage.scene_records import LabelledScene
from storage.store import open_store
from tests.storage.export.scenes import APACHE, commit, new_store, scene

ASSET = "imported_scenes"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command with an instance and stores below ``tmp_path``; its code and output."""
    monkeypatch.chdir(Path.cwd())  # choose_instance changes it
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))

    def run(*words, store="theirs"):
        root = tmp_path / store
        monkeypatch.setenv("MULTISHIFT_STORE_ROOT", str(root))
        read_settings.cache_clear()
        settings = Settings(store_root=str(root), data_root=str(tmp_path / "no data"))
        monkeypatch.setattr(runs, "defs", build_definitions(settings))
        answer = CliRunner().invoke(app, [str(word) for word in words])
        read_settings.cache_clear()
        return answer.exit_code, answer.output.replace(f"{tmp_path}/", "")

    return run


@pytest.fixture
def exported(run, tmp_path):
    """An export of three scenes, two of which would have one name."""
    store = new_store(tmp_path / "ours")
    rows = [
        scene(store, 0),
        scene(store, 1, variant=1, frame_id="lisbon_000000_000019"),
        scene(store, 2, frame_id="oslo_000001_000019", weather="hail", place="A/B"),
    ]
    commit(store, rows)
    code, output = run("export", tmp_path / "my set", store="ours")
    assert code == 0, output
    return tmp_path / "my set"


def rows_of(tmp_path, name):
    store = open_store(tmp_path / "theirs")
    return store, store.manifests.read_records(
        ASSET, "labelled_scenes", LabelledScene, partition=name
    )


def test_there_and_back_again(run, exported, tmp_path):
    code, output = run("import", exported)
    assert code == 0, output
    assert "my-set, version 1: 3 scenes of 2 frames in 2 cities\n" in output
    assert "in quarantine: no scene\n" in output
    assert "contact sheet: theirs/reports/imported_scenes/my-set.png\n" in output
    assert "http://127.0.0.1:3000/assets/imported_scenes?partition=my-set" in output
    with dg.DagsterInstance.get() as instance:
        assert instance.get_dynamic_partitions("imported_set") == ["my-set"]
        (record,) = instance.get_run_records()
        assert record.dagster_run.tags["dagster/partition"] == "my-set"

    store, rows = rows_of(tmp_path, "my-set")
    table = {row["name"]: row for row in pq.read_table(exported / "scenes.parquet").to_pylist()}
    assert sorted(row.seed for row in rows) == sorted(told["seed"] for told in table.values())
    for row in rows:
        told = next(told for told in table.values() if told["seed"] == row.seed)
        for kind in ("image", "label", "layout", "sam_layout"):
            blob = store.blobs.get(getattr(row, f"{kind}_sha256"))
            assert blob == (exported / told[kind]).read_bytes()
        assert (row.prompt, row.place, row.weather) == (
            told["prompt"],
            told["place"],
            told["weather"],
        )
        assert row.licenses == (APACHE, APACHE)

    code, output = run("export", tmp_path / "again", "--imported")
    assert code == 0, output
    before = {path.relative_to(exported): path for path in exported.rglob("*.png")}
    after = {path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*.png")}
    assert after == set(before)
    assert all(
        (tmp_path / "again" / name).read_bytes() == p.read_bytes() for name, p in before.items()
    )
    assert "may be passed on" in output


def test_what_cannot_be_used_is_named_and_fails(run, exported, tmp_path):
    label = next(exported.rglob("oslo*labelTrainIds.png"))
    Image.fromarray(np.full((32, 64), 99, np.uint8)).save(label)
    code, output = run("import", exported, "--name", "a/b")
    assert code == 1
    assert "error ValueError: need as name of a set" in output
    code, output = run("import", exported, "--name", "bad")
    assert code == 1
    assert "bad, version 1: 2 scenes of 1 frames" in output
    assert "in quarantine: 1\n  train/oslo_000001_000019_bathtub_0.87: gtFine/" in output
    assert "label value 99 outside the coding" in output
    assert "few_quarantined" in output


@pytest.mark.parametrize(
    ("word", "code", "told"),
    [
        ("no such folder", 2, "does not exist"),
        ("home", 1, "need a folder in the published layout"),
        ("home/dagster.yaml", 1, "got a file; unpack it"),
    ],
)
def test_misuse_is_one_line_and_no_run(run, tmp_path, word, code, told):
    answer = run("import", tmp_path / word)
    assert answer[0] == code
    assert told in " ".join(answer[1].split())
    assert "Traceback" not in answer[1]
    assert not (tmp_path / "theirs" / "manifests").exists()


@pytest.mark.parametrize(
    ("folder", "name"),
    [("DTWP_ADE_final", "DTWP_ADE_final"), ("my set (2)", "my-set-2"), ("---", "imported")],
)
def test_a_set_is_named_after_its_folder(tmp_path, folder, name):
    assert import_set.name_of(tmp_path / folder) == name
