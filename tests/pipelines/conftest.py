"""A finished demo on a small miniature world, in folders of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.assets.synthesis.conftest import tiny_set

__all__ = ["demo", "tiny_set"]

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
    (home / "dagster.yaml").write_text(INSTANCE)
    data_root, store_root = home / "data", home / "store"
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "MULTISHIFT_DATA_ROOT": str(data_root),
        "MULTISHIFT_STORE_ROOT": str(store_root),
        "MULTISHIFT_MINIATURE_SET": str(tiny_set),
        "MULTISHIFT_SELECTIONS_ROOT": str(home / "selections"),
        "MULTISHIFT_WORK_ROOT": str(home / "work"),
        "MULTISHIFT_THREADS": "1",
        "COLUMNS": "160",
    }
    run(environment, "miniature", data_root, "--frames", N_TRAIN, "--others", 0.1)
    output = run(environment, "demo")
    return Demo(environment, home, store_root, data_root, N_TRAIN, output)


def run(environment, *words) -> str:
    told = subprocess.run(
        [COMMAND, *map(str, words)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout
