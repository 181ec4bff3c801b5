"""Runs of a code server on another machine: the server is asked, and only its word counts."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster._grpc.client import DagsterGrpcClient

from pipelines import run_launcher
from tests.pipelines import sleeping_job
from tests.pipelines.test_run_launcher import instance, status

__all__ = ["instance"]

ROOT = Path(__file__).resolve().parents[2]
HOST, LONGEST_S = "127.0.0.1", 60


class CodeServer:
    """A code server that dies as a container does: with its runs."""

    def __init__(self):
        """Choose its address, which it keeps whenever it starts."""
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]

    def start(self):
        words = ["api", "grpc", "--host", HOST, "--port", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dagster", *words, "--module-name", sleeping_job.__name__],
            cwd=ROOT,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        client = DagsterGrpcClient(host=HOST, port=self.port)
        wait_until(lambda: client.health_check_query() == "SERVING")

    def stop(self):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def wait_until(is_so):
    deadline = time.monotonic() + LONGEST_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def launched(instance, port):
    """A run that the server has started, seen as one of another machine."""
    target = GrpcServerTarget(host=HOST, port=port, socket=None, location_name="elsewhere")
    with WorkspaceProcessContext(instance, target) as process:
        context = process.create_request_context()
        (repository,) = context.get_code_location("elsewhere").get_repositories().values()
        job = repository.get_full_job("sleeps")
        run = instance.create_run_for_job(
            sleeping_job.sleeps,
            remote_job_origin=job.get_remote_origin(),
            job_code_origin=job.get_python_origin(),
        )
        instance.launch_run(run.run_id, context)
    wait_until(lambda: instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED)
    return instance.get_run_by_id(run.run_id)


@pytest.mark.slow
def test_a_run_is_lost_when_its_server_came_back_without_it(instance, monkeypatch):
    monkeypatch.setattr(run_launcher, "_is_of_this_machine", lambda told: False)
    server = CodeServer()
    try:
        server.start()
        run = launched(instance, server.port)
        assert status(instance, run) is WorkerStatus.RUNNING
        server.stop()
        assert status(instance, run) is WorkerStatus.RUNNING, "nobody knows yet"
        server.start()
        assert status(instance, run) is WorkerStatus.NOT_FOUND
    finally:
        server.stop()


def test_a_server_that_says_nothing_is_waited_for_a_bounded_time(instance, monkeypatch):
    monkeypatch.setattr(run_launcher, "_is_of_this_machine", lambda told: False)
    monkeypatch.setattr(run_launcher, "ANSWER_S", 1)
    with socket.create_server((HOST, 0)) as silent:
        told = f'{{"host": "{HOST}", "port": {silent.getsockname()[1]}}}'
        run = instance.create_run_for_job(sleeping_job.sleeps, tags={"dagster/grpc_info": told})
        began = time.monotonic()
        assert status(instance, run) is WorkerStatus.RUNNING
        assert time.monotonic() - began < 10
