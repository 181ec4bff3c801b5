"""The demo as a job, for whoever begins in the UI: one op that runs `multishift demo`."""

import signal
import subprocess
import sys

import dagster as dg
from dagster._core.storage.tags import MAX_RETRIES_TAG
from pydantic import Field

from pipelines.settings import PROJECT_ROOT

_STOP_S = 30


class DemoConfig(dg.Config):
    """How much the demo writes."""

    frames: int = Field(300, ge=1, description="Training frames of the miniature world to write.")


@dg.op
def run_the_demo(context: dg.OpExecutionContext, config: DemoConfig) -> None:
    """Run the command; its steps are runs of their own, which the page of runs shows as well."""
    command = [sys.executable, "-m", "pipelines.cli", "demo", "--frames", str(config.frames)]
    # A process that ignores interrupts hands that down; the demo is to be stopped by one.
    child = subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    context.log.info("the demo's lines are in the log stdout of this step")
    try:
        code = child.wait()
    finally:
        _stop(child)
    if code:
        raise dg.Failure(f"the demo ended with exit code {code}; the log stderr says why")


def _stop(child: "subprocess.Popen[bytes]") -> None:
    """End the command with the step: interrupted first, so that its run is recorded as failed."""
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGINT)
    try:
        child.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@dg.job(
    executor_def=dg.in_process_executor,
    description="The whole main job in the miniature world, from writing it to a report: runs "
    "`multishift demo`, whose runs show up beside this one. Minutes on two cores.",
    # The command outlives a run that is killed, and another must not work beside it.
    tags={MAX_RETRIES_TAG: "0"},
)
def demo() -> None:
    """One op: its runs have partitions that differ, so no job of assets holds them all."""
    run_the_demo()
