"""Dagster's own launcher of runs, which also knows whether the process of a run is still there.

A code server tells when one of its runs dies. If it is killed itself, nobody would: such a run
counted as running for ever, and held its place in the queue. With this launcher (`dagster.yaml`)
the daemon's run monitoring looks for the process, and marks the run as failed: it is retried. A
code server on another machine (Kubernetes) is asked: its runs end with it, and after a restart it
knows none of them.
"""

import ipaddress
import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
import psutil
from dagster import DagsterEventType
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

ANSWER_S = 10
"""Longest wait for a code server's answer; the daemon asks for one run after another."""

_SLACK_S = 2.0
"""A process begins before it tells so; a younger one with its number is another process."""


class WatchedRunLauncher(DefaultRunLauncher):
    """Launches runs through the code server, and answers for their processes on this machine."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Always."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether a started run is there: its process here, or its server's word elsewhere."""
        told: dict[str, Any] = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
        if not told:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "no code server launched it")
        if not _is_of_this_machine(told):
            return _asked(run.run_id, told)
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


def _is_of_this_machine(told: Mapping[str, Any]) -> bool:
    """Whether a code server is one here: reached by a socket, or at an address of this machine."""
    if "socket" in told or told["host"] == "localhost":
        return True
    try:
        address = ipaddress.ip_address(told["host"])
    except ValueError:
        return False
    mine = {one.address for found in psutil.net_if_addrs().values() for one in found}
    return address.is_loopback or str(address) in mine


def _asked(run_id: str, told: Mapping[str, Any]) -> CheckRunHealthResult:
    """What the code server says of a run; one that does not answer may be about to come back."""
    client = DagsterGrpcClient(
        host=told["host"], port=told["port"], use_ssl=told.get("use_ssl", False)
    )
    try:
        answer = client.can_cancel_execution(
            CanCancelExecutionRequest(run_id=run_id), timeout=ANSWER_S
        )
    except DagsterUserCodeUnreachableError as error:
        return CheckRunHealthResult(WorkerStatus.RUNNING, f"{told['host']} is silent: {error}")
    if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
        return CheckRunHealthResult(WorkerStatus.RUNNING)
    return CheckRunHealthResult(
        WorkerStatus.NOT_FOUND, f"the code server at {told['host']} does not know it (any more)"
    )


def _is_there(pid: int, told_at_s: float) -> bool:
    try:
        process = psutil.Process(pid)
        is_dead = process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return not is_dead and process.create_time() <= told_at_s + _SLACK_S
    except psutil.NoSuchProcess:
        return False
