"""Dagster's own launcher of runs, which also knows whether the process of a run is still there.

A code server tells when one of its runs dies. If it is killed itself, nobody would: such a run
counted as running for ever, and held its place in the queue. With this launcher (`dagster.yaml`)
the daemon's run monitoring looks for the process, and marks the run as failed: it is retried.
"""

import ipaddress
import json
from typing import Any

import dagster as dg
import psutil
from dagster import DagsterEventType
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG

_SLACK_S = 2.0
"""A process begins before it tells so; a younger one with its number is another process."""


class WatchedRunLauncher(DefaultRunLauncher):
    """Launches runs through the code server, and answers for their processes on this machine."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Always."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a started run is there; runs of other machines are not judged."""
        if not _is_of_this_machine(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "runs on another machine")
        started = self._process_of(run.run_id)
        if started is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "has not told its process")
        pid, told_at_s = started
        if _is_there(pid, told_at_s):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"its process {pid} is gone")

    def _process_of(self, run_id: str) -> tuple[int, float] | None:
        """Number of the process that tells of the run itself, and when it first did."""
        for event in self._instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT):
            found = event.get_dagster_event().engine_event_data.metadata.get("pid")
            if event.step_key is None and found is not None:
                return int(str(found.value)), event.timestamp
        return None


def _is_of_this_machine(run: dg.DagsterRun) -> bool:
    """Whether the run was launched by a code server here: by a socket, or on the loopback."""
    told: dict[str, Any] = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    if "socket" in told:
        return True
    host = told.get("host", "")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return bool(host == "localhost")


def _is_there(pid: int, told_at_s: float) -> bool:
    try:
        process = psutil.Process(pid)
        is_dead = process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return not is_dead and process.create_time() <= told_at_s + _SLACK_S
    except psutil.NoSuchProcess:
        return False
