"""Commands that start together on a fresh checkout share one whole instance."""

import multiprocessing
import os

import dagster as dg
import pytest

from pipelines.commands import instance


def open_together(home, state, start):
    os.environ["DAGSTER_HOME"] = str(home)
    instance.STATE_ROOT = state
    start.wait()
    instance.choose_instance()


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def test_first_openings_wait_for_each_other(home):
    processes = multiprocessing.get_context("spawn")
    start = processes.Barrier(3, timeout=60)
    openers = [
        processes.Process(target=open_together, args=(home, home / "state", start))
        for _ in range(3)
    ]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(60)
    assert [opener.exitcode for opener in openers] == [0, 0, 0]
    with dg.DagsterInstance.get() as opened:
        assert opened.get_runs() == []
