"""Runs whose process is gone are found out by the daemon's own monitoring."""

import json
import logging
import os
import subprocess
import sys

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from pipelines.run_launcher import WatchedRunLauncher

HERE = json.dumps({"host": "127.0.0.1", "port": 4266})


@dg.job
def nothing():
    pass


@pytest.fixture
def instance(tmp_path):
    (tmp_path / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\nrun_monitoring: {enabled: true}\n"
        "run_launcher: {module: pipelines.run_launcher, class: WatchedRunLauncher}\n"
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def started(instance, pid, told=HERE):
    run = instance.create_run_for_job(nothing, tags={GRPC_INFO_TAG: told} if told else {})
    if pid is not None:
        data = EngineEventData({"pid": dg.MetadataValue.text(str(pid))})
        instance.report_engine_event("Started process for run", run, data)
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "nothing"), run.run_id
    )
    return instance.get_run_by_id(run.run_id)


def dead_pid():
    return int(subprocess.check_output([sys.executable, "-c", "import os; print(os.getpid())"]))


def status(instance, run):
    return instance.run_launcher.check_run_worker_health(run).status


def test_a_run_whose_process_is_there_is_left_alone(instance):
    assert isinstance(instance.run_launcher, WatchedRunLauncher)
    assert status(instance, started(instance, os.getpid())) is WorkerStatus.RUNNING


def test_a_run_whose_process_is_gone_is_marked_as_failed(instance):
    run = started(instance, dead_pid())
    assert status(instance, run) is WorkerStatus.NOT_FOUND
    monitor_started_run(instance, None, instance.get_run_record_by_id(run.run_id), logging.root)
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE


def test_another_process_with_its_number_is_not_taken_for_it(instance, monkeypatch):
    monkeypatch.setattr("pipelines.run_launcher._SLACK_S", -1e9)
    assert status(instance, started(instance, os.getpid())) is WorkerStatus.NOT_FOUND


@pytest.mark.parametrize(
    "told",
    [
        json.dumps({"host": "192.0.2.7", "port": 4266}),
        json.dumps({"host": "x.invalid", "port": 1}),
        None,
    ],
)
def test_runs_of_commands_and_of_silent_servers_are_left_alone(instance, told, monkeypatch):
    monkeypatch.setattr("pipelines.run_launcher.ANSWER_S", 1)
    assert status(instance, started(instance, dead_pid(), told)) is WorkerStatus.RUNNING


def test_runs_that_told_no_process_yet_are_not_judged(instance):
    socket = json.dumps({"socket": "/tmp/code.sock", "host": "localhost"})
    assert status(instance, started(instance, None, socket)) is WorkerStatus.RUNNING
