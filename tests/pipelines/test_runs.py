"""Runs of commands that were killed do not stay running for ever."""

import os
import socket
import subprocess
import sys

import dagster as dg
import pytest

from pipelines.commands import runs


@pytest.fixture
def dead_pid():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@pytest.mark.parametrize("who", ["dead", "alive"])
def test_only_runs_of_dead_processes_are_ended(tmp_path, dead_pid, who):
    pid = dead_pid if who == "dead" else os.getpid()
    tags = {"multishift/host": socket.gethostname(), "multishift/pid": str(pid)}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        job = dg.define_asset_job("job", selection="*")
        asset = dg.asset(lambda: None, name="thing")
        defs = dg.Definitions(assets=[asset], jobs=[job])
        run = instance.create_run_for_job(
            defs.resolve_job_def("job"), status=dg.DagsterRunStatus.STARTED, tags=tags
        )
        places = instance.event_log_storage
        places.set_concurrency_slots("gpu", 1)
        places.claim_concurrency_slot("gpu", run.run_id, "thing")
        runs._end_dead_runs(instance)
        status = instance.get_run_by_id(run.run_id).status
        n_taken = places.get_concurrency_info("gpu").active_slot_count
    assert n_taken == (0 if who == "dead" else 1), "a dead run gives back its place in the pool"
    ended = dg.DagsterRunStatus.FAILURE if who == "dead" else dg.DagsterRunStatus.STARTED
    assert status == ended
