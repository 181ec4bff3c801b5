"""`multishift select`: a selection file becomes a partition of `training_set`, and is told."""

from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands import runs
from pipelines.definitions import build_definitions
from pipelines.settings import Settings, read_settings
from tests.assets.selecting.conftest import LISBON, write_frame
from tests.storage.export.scenes import commit, new_store, scene


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command with an instance, store and data below ``tmp_path``; its code and output."""
    monkeypatch.chdir(Path.cwd())  # choose_instance changes it
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    roots = {f"{name}_root": str(tmp_path / name) for name in ("store", "data", "selections")}
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    for name, root in roots.items():
        monkeypatch.setenv(f"MULTISHIFT_{name.upper()}", root)
    monkeypatch.setattr(runs, "defs", build_definitions(Settings(**roots)))
    read_settings.cache_clear()
    yield lambda *words: _answer(words, tmp_path)
    read_settings.cache_clear()


def _answer(words, tmp_path):
    answer = CliRunner().invoke(app, words)
    return answer.exit_code, answer.output.replace(f"{tmp_path}/", "")


def test_pairs_are_chosen_counted_and_listed(run, tmp_path):
    for frame_id in LISBON[:2]:
        write_frame(tmp_path / "data", frame_id)
    store = new_store(tmp_path / "store")
    commit(store, [scene(store, number, frame_id=LISBON[number]) for number in (0, 1)])
    code, output = run("select")
    assert code == 0, output
    assert "default, version 1: 2 pairs of 2 frames, data version " in output
    assert "  rounds: round-1 2\n  cities: lisbon 2\n  conditions: rainy night 2\n" in output
    assert "frames in quarantine: none\n" in output
    assert "contact sheet: store/reports/training_set/default.png\n" in output
    with dg.DagsterInstance.get() as instance:
        assert instance.get_dynamic_partitions("selection") == ["default"]
    code, output = run("select")
    assert code == 0
    assert "nothing new was committed" in output


def test_misuse_is_one_line_and_no_run(run, tmp_path):
    code, output = run("select", "night")
    assert code == 1
    assert "selections/night.toml: need a selection file, got none" in " ".join(output.split())
    (tmp_path / "selections").mkdir()
    (tmp_path / "selections" / "night.toml").write_text("rounds = 3")
    code, output = run("select", "night")
    assert code == 1
    assert "night.toml: rounds: need a list of names" in " ".join(output.split())
    assert "Dagster job" not in output
    (tmp_path / "selections" / "night.toml").write_text('rounds = ["round-1"]')
    (tmp_path / "data").mkdir()
    code, output = run("select", "night")
    assert code == 1
    assert "need a round that the store holds (none is there), got 'round-1'" in output
    assert "Traceback" not in output
