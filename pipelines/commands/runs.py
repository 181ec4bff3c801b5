"""Jobs run by a command itself, recorded on the instance that the UI opens."""

import logging
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dagster as dg
from rich.markup import escape

from assets.engine.progress import bars_on
from pipelines.commands.console import err
from pipelines.commands.run_failures import failure_lines, is_interrupted
from pipelines.definitions import defs

_HOST, _PID = "multishift/host", "multishift/pid"
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_job(
    name: str,
    *,
    partition_key: str | None = None,
    run_config: Mapping[str, Any] | None = None,
    shown: AbstractContextManager[None] | None = None,
) -> bool:
    """Run a job in this process; false if it failed, after one line for each cause.

    Args:
        name: of a job of the definitions.
        partition_key: of the assets that have partitions; a dynamic one must be registered.
        run_config: of ops and resources, as Dagster takes it.
        shown: what shows how far the run is; bars that count the items if not given.

    Raises:
        KeyboardInterrupt: after the run is recorded as failed.
    """
    logging.getLogger("dagster").setLevel(logging.WARNING)
    with dg.DagsterInstance.get() as instance, shown or _bars_in_the_terminal():
        _end_dead_runs(instance)
        run = defs.resolve_job_def(name).execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags={_HOST: socket.gethostname(), _PID: str(os.getpid())},
            partition_key=partition_key,
            run_config={**_QUIET, **(run_config or {})},
        )
    if is_interrupted(run.all_events):
        raise KeyboardInterrupt
    for line in failure_lines(run.all_events):
        err.print(f"  [bold red]error[/] {escape(line)}", soft_wrap=True)
    err.print(f"  run {run.run_id[:8]} {'succeeded' if run.success else 'failed'}")
    return run.success


@contextmanager
def _bars_in_the_terminal() -> Iterator[None]:
    """Keep the terminal for bars, if there is one: Dagster redirects standard error in a step."""
    if not sys.stderr.isatty():
        yield
        return
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal, bars_on(terminal):
        yield


def _end_dead_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs of commands that were killed as failed: they would count as running for ever."""
    mine = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], tags={_HOST: socket.gethostname()})
    for run in instance.get_runs(mine):
        if not _is_alive(int(run.tags[_PID])):
            instance.report_run_failed(run, "the command that ran it was killed")
            # Without a daemon nobody else gives back its place in a pool, and all would wait.
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
