"""A step whose process is killed starts again and goes on from what it had finished."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.resources import ManifestStore
from storage.records import OodObject
from tests.assets.conftest import data_root

__all__ = ["data_root"]

ROOT = Path(__file__).resolve().parents[2]
N_IMAGES, N_OBJECTS = 6, 16
EVENTS = {
    dg.DagsterEventType.STEP_UP_FOR_RETRY,
    dg.DagsterEventType.STEP_RESTARTED,
    dg.DagsterEventType.STEP_SUCCESS,
}


@pytest.mark.slow
def test_a_killed_step_goes_on_with_what_it_finished(tmp_path, data_root):
    home, killed = tmp_path / "home", tmp_path / "killed"
    for folder in (home, killed):
        folder.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    store = ManifestStore(root=str(tmp_path / "store"))

    told = materialize(home, data_root, store.root, killed)

    assert told.returncode == 0, told.stdout + told.stderr
    died, went_on = sorted(killed.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    first, then = (path.read_text().splitlines() for path in (died, went_on))
    assert len(first) == 2
    assert set(first).isdisjoint(then), "what was finished is not done again"
    assert len(first) + len(then) == N_IMAGES
    rows = store.open().manifests.read_records("ood_objects", "ood_objects", OodObject)
    assert len(rows) == N_OBJECTS
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
        logs = instance.all_logs(run.run_id, of_type=EVENTS)
    assert run.is_success
    events = [entry for entry in logs if entry.step_key == "ood_objects"]
    assert [entry.dagster_event_type.value for entry in events] == [
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
        "STEP_SUCCESS",
    ]


def materialize(home, data, store_root, killed):
    command = ["asset", "materialize", "-m", "tests.pipelines.killed_step"]
    return subprocess.run(
        [Path(sys.executable).parent / "dagster", *command, "--select", "ood_objects"],
        cwd=ROOT,
        env={
            **os.environ,
            "DAGSTER_HOME": str(home),
            "KILLED_STEP_FOLDER": str(killed),
            "MULTISHIFT_DATA_ROOT": str(data),
            "MULTISHIFT_STORE_ROOT": store_root,
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
