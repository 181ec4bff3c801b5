"""`multishift export`: what it prints, refuses and leaves behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands import export as command
from pipelines.settings import read_settings
from tests.storage.export.scenes import CITYSCAPES, commit, new_store, scene

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "multishift"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("MULTISHIFT_STORE_ROOT", str(tmp_path / "store"))
    read_settings.cache_clear()
    yield new_store(tmp_path / "store")
    read_settings.cache_clear()


@pytest.fixture
def run(tmp_path):
    """Run the command in ``tmp_path``; its output with the folder left out."""

    def run(*words, to="out"):
        answer = CliRunner().invoke(app, ["export", str(tmp_path / to), *map(str, words)])
        return answer.exit_code, answer.output.replace(f"{tmp_path}/", "")

    return run


def test_it_says_what_came_out_and_what_must_not_be_done(run, store, tmp_path):
    commit(store, [scene(store, n) for n in range(2)] + [scene(store, 2, licenses=(CITYSCAPES,))])
    code, output = run()
    assert code == 0, output
    assert "exporting 3 scenes to out\n" in output
    assert "exported 3 scenes of 1 round and 1 city, 18 files, " in output
    assert "data card: out/README.md\n" in output
    end = output[output.index("DO NOT PASS IT ON") :].splitlines()
    assert end == [
        "DO NOT PASS IT ON, because of its sources:",
        "  Cityscapes: the data set and modified versions of it may not be distributed",
        f'    in 1 scene: "{CITYSCAPES}"',
    ]
    code, output = run()
    assert code == 0, output
    assert "already there, whole and the same: 3 scenes" in output
    assert "DO NOT PASS IT ON" in output


def test_free_and_unknown_sources(run, store):
    commit(store, [scene(store)])
    code, output = run()
    assert code == 0, output
    assert "may be passed on, as far as the terms of its sources are known" in output
    commit(store, [scene(store, licenses=("mine",))])
    code, output = run(to="other")
    assert code == 0, output
    assert "IT IS NOT KNOWN WHETHER IT MAY BE PASSED ON" in output
    assert 'no terms known: ask its makers\n    in 1 scene: "mine"' in output


def test_choices(run, store, tmp_path):
    rows = [
        scene(store, n, round=f"round-{n}", frame_id=f"{city}_000001_000019")
        for n, city in enumerate(("oslo", "lisbon"))
    ]
    commit(store, rows)
    code, output = run("--round", "round-0", "--round", "round-1", "--city", "oslo")
    assert code == 0, output
    assert "exported 1 scene of 1 round and 1 city" in output
    code, output = run("--round", "round-7", to="other")
    assert (code, output) == (
        1,
        "error ValueError: need a round that has scenes (round-0, round-1), got 'round-7'\n",
    )
    assert run("--size", "large", to="other")[0] == 2
    code, output = run("--size", "frame", to="other")
    assert code == 1
    assert "export with --size picture" in output
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("harm", ["empty store", "folder in use", "damaged blob"])
def test_errors_are_one_line(run, store, tmp_path, harm):
    row = scene(store)
    told = "need labelled scenes, got none of labelled_scenes; materialize labelled_scenes first"
    if harm != "empty store":
        commit(store, [row])
    if harm == "folder in use":
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.txt").write_text("mine")
        told = "out: need a new or empty folder"
    if harm == "damaged blob":
        store.blobs.path(row.label_sha256).write_bytes(b"")
        told = "scene lisbon_000000_000019, variant 0 of round-1: its label cannot be exported"
    code, output = run()
    assert code == 1
    assert told in output
    assert output.count("error ") == 1
    assert "Traceback" not in output
    there = ["store"] if harm != "folder in use" else ["out", "store"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        name for name in there if (tmp_path / name).exists()
    ]


def test_a_terminal_gets_a_bar(run, store, monkeypatch):
    commit(store, [scene(store)])
    monkeypatch.setattr(command, "err", Console(stderr=True, force_terminal=True, width=120))
    code, output = run()
    assert code == 0, output
    assert "exporting 1 scene to" not in output
    assert "exporting scenes" in output


def test_ctrl_c_leaves_nothing_and_the_next_command_does_it_all(store, tmp_path):
    """Stopped after the first scene by a signal of its own, as a person would in the middle."""
    commit(store, [scene(store, n) for n in range(3)])
    code = (
        "import os, signal, sys, time\n"
        "from storage.export import write\n"
        "real = write.scene_pictures\n"
        "def slow(scene, blobs):\n"
        "    found = real(scene, blobs)\n"
        "    if scene.row.frame_id.endswith('000001_000019'): time.sleep(60)\n"
        "    return found\n"
        "write.scene_pictures = slow\n"
        "from pipelines.cli import app\n"
        "app(['export', sys.argv[1]])\n"
    )
    out = tmp_path / "out"
    beside = tmp_path / ".out.multishift-export"
    environment = {**os.environ, "MULTISHIFT_STORE_ROOT": str(tmp_path / "store")}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(out)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        end = time.monotonic() + 30
        while not list(beside.rglob("*ADEcolor_paste.png")):
            assert time.monotonic() < end
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        output = running.communicate(timeout=30)[0]
    assert running.returncode == 130, output
    assert "interrupted; run the same command again" in output
    assert "Traceback" not in output
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    again = subprocess.run(
        [COMMAND, "export", out],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(list(out.rglob("*.png"))) == 12


def test_nothing_heavy_is_imported():
    code = (
        "import sys, pipelines.commands.export\n"
        "print(sorted({'torch', 'diffusers', 'dagster', 'scipy', 'dask'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"
