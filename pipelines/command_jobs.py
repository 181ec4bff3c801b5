"""Commands as jobs, for whoever begins in the UI: one op that runs the command to its end."""

import signal
import subprocess
import sys

import dagster as dg
from dagster._core.storage.tags import MAX_RETRIES_TAG
from pydantic import Field

from pipelines.settings import PROJECT_ROOT

_STOP_S = 30

_ONCE = {MAX_RETRIES_TAG: "0"}
"""A command outlives a run that is killed, and another must not work beside it."""


class DemoConfig(dg.Config):
    """How much the demo writes."""

    frames: int = Field(300, ge=1, description="Training frames of the miniature world to write.")


class ExperimentConfig(dg.Config):
    """Which part of which plan is run, and on which world it is measured."""

    plan: str = Field("miniature", description="File of a plan, or the name of a shipped one.")
    arms: list[str] = Field([], description="All arms of the plan if empty.")
    seeds: list[int] = Field([], description="All seeds of the plan if empty.")
    networks: list[str] = Field([], description="All networks of the plan if empty.")
    is_report: bool = Field(
        False,
        description="Measure on the world of the report: once, when nothing is mended any more.",
    )

    def words(self) -> list[str]:
        """Words of the command that ask for this."""
        options = [
            *(f"--arm={name}" for name in self.arms),
            *(f"--seed={seed}" for seed in self.seeds),
            *(f"--network={name}" for name in self.networks),
        ]
        return ["experiment", *options, *(["--report"] if self.is_report else []), "--", self.plan]


@dg.op
def run_the_demo(context: dg.OpExecutionContext, config: DemoConfig) -> None:
    """Run the command; its steps are runs of their own, which the page of runs shows as well."""
    _run_command(context, ["demo", "--frames", str(config.frames)])


@dg.op
def run_the_experiment(context: dg.OpExecutionContext, config: ExperimentConfig) -> None:
    """Run the command; scenes, trainings and measurements are runs of their own."""
    _run_command(context, config.words())


def _run_command(context: dg.OpExecutionContext, words: list[str]) -> None:
    # A process that ignores interrupts hands that down; a command is to be stopped by one.
    child = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=PROJECT_ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    context.log.info("the lines of the command are in the log stdout of this step")
    try:
        code = child.wait()
    finally:
        _stop(child)
    if code:
        raise dg.Failure(f"the command ended with exit code {code}; the log stderr says why")


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
    tags=_ONCE,
)
def demo() -> None:
    """One op: its runs have partitions that differ, so no job of assets holds them all."""
    run_the_demo()


@dg.job(
    executor_def=dg.in_process_executor,
    description="A plan from its scenes to the page that tells what holds: runs `multishift "
    "experiment`, whose runs show up beside this one. Hours without a GPU.",
    tags=_ONCE,
)
def experiment() -> None:
    """One op, as the demo."""
    run_the_experiment()
