"""A finished demo on a small miniature world, and a track of SMIYC, in folders of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import read_settings
from tests.assets.synthesis.conftest import tiny_set
from tests.pipelines.serving import address, needs_browser, page
from tests.pipelines.smiyc_world import write_checkpoint, write_track

__all__ = ["address", "demo", "needs_browser", "page", "tiny_set"]

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "multishift"
N_TRAIN = 4

INSTANCE = """
telemetry: {enabled: false}
nux: {enabled: false}
"""


@dataclass(frozen=True)
class Demo:
    """Where a demo ran, how many training frames it had, and what it printed."""

    environment: dict[str, str]
    home: Path
    store_root: Path
    data_root: Path
    n_train: int
    output: str
    command: Path = COMMAND

    def run(self, *words) -> str:
        """Output of another command beside the demo."""
        return run(self.environment, *words)


@pytest.fixture(scope="session")
def demo(tmp_path_factory, tiny_set) -> Demo:
    """`multishift miniature` and `multishift demo`, as a person types them; networks are tiny."""
    home = tmp_path_factory.mktemp("demo")
    data_root = home / "data"
    environment = own_folders(home, data_root) | {"MULTISHIFT_MINIATURE_SET": str(tiny_set)}
    run(environment, "miniature", data_root, "--frames", N_TRAIN, "--others", 0.1)
    output = run(environment, "demo", "--quick")
    return Demo(environment, home, home / "store", data_root, N_TRAIN, output)


def own_folders(home: Path, data_root: Path) -> dict[str, str]:
    """Environment of commands whose state lies in ``home``, on an instance of their own."""
    (home / "dagster.yaml").write_text(INSTANCE)
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "MULTISHIFT_DATA_ROOT": str(data_root),
        "MULTISHIFT_STORE_ROOT": str(home / "store"),
        "MULTISHIFT_SELECTIONS_ROOT": str(home / "selections"),
        "MULTISHIFT_WORK_ROOT": str(home / "work"),
        "MULTISHIFT_THREADS": "1",
        "COLUMNS": "160",
    }


@pytest.fixture(scope="session")
def track(tmp_path_factory) -> Path:
    """Folder with ``data``, a small track, and ``net.safetensors``; tests leave it as it was."""
    root = tmp_path_factory.mktemp("track")
    write_track(root / "data")
    write_checkpoint(root / "net.safetensors")
    return root


@pytest.fixture
def invoke(tmp_path, monkeypatch) -> Callable[..., tuple[int, str]]:
    """Run a command here, with store and work in ``tmp_path``; gives code and output."""
    for name in ("store", "work"):
        monkeypatch.setenv(f"MULTISHIFT_{name.upper()}_ROOT", str(tmp_path / name))
    monkeypatch.setenv("MULTISHIFT_TRAINING_DEVICE", "cpu")
    read_settings.cache_clear()

    def run_here(*words):
        answer = CliRunner().invoke(app, list(map(str, words)))
        assert "Traceback" not in answer.output
        return answer.exit_code, answer.output

    yield run_here
    read_settings.cache_clear()


def run(environment, *words, timeout_s=280) -> str:
    told = subprocess.run(
        [COMMAND, *map(str, words)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout
