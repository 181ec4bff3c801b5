"""Workers to send items to: started here, or found at an address; counted before use.

Every wait is bounded. The settings are those that matter: retries of dead connections multiply
their timeout, and a worker that pauses at a memory threshold takes items and never runs them.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assets.engine.offers import Resources, as_options, n_times_met, offers_of, refuse_unmet
from assets.engine.outcome import EngineAwayError
from assets.engine.security import Certificates, refuse_open, security_with

if TYPE_CHECKING:
    from distributed import Client

SETTINGS: dict[str, object] = {
    "distributed.comm.retry.count": 0,
    "distributed.comm.timeouts.connect": "10s",
    # The second loss is reported: one death is forgiven, and two alone make an item poisoned.
    "distributed.scheduler.allowed-failures": 1,
    # LocalCluster drops a worker for good that is just restarting this long after an earlier loss.
    "distributed.deploy.lost-worker-timeout": "1 day",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
}

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class WorkerPlan:
    """A worker to start: what it offers, and variables that its process begins with."""

    offered: Resources = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def local_processes(plans: Sequence[WorkerPlan], *, timeout_s: float) -> Iterator["Client"]:
    """Client of worker processes of this machine, one thread each, gone when the context ends.

    All ports listen on the loopback interface only. Variables of a plan are set in the process
    before it imports anything of ours, and again when it is restarted.
    """
    import dask
    from distributed import Client, Scheduler, SpecCluster

    place = {"host": LOOPBACK, "dashboard": False, "protocol": "tcp://"}
    scheduler = {**place, "port": 0, "dashboard_address": f"{LOOPBACK}:0"}
    workers = {number: _worker(plan, len(plans), timeout_s) for number, plan in enumerate(plans)}
    with (
        dask.config.set(SETTINGS),
        SpecCluster(
            workers,
            scheduler={"cls": Scheduler, "options": scheduler},
            silence_logs=logging.CRITICAL,  # lost workers become outcomes, not noise
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        _await_workers(client, len(plans), timeout_s)
        yield client


def _worker(plan: WorkerPlan, n_workers: int, timeout_s: float) -> dict[str, Any]:
    """What `SpecCluster` takes."""
    from distributed import Nanny
    from distributed.system import MEMORY_LIMIT

    options = {
        "host": LOOPBACK,
        "dashboard": False,
        "protocol": "tcp://",
        "nthreads": 1,
        "memory_limit": MEMORY_LIMIT // n_workers,
        "death_timeout": timeout_s,
        "resources": dict(plan.offered),
        "env": dict(plan.environment),
        "silence_logs": logging.CRITICAL,
    }
    return {"cls": Nanny, "options": options}


@contextmanager
def existing_cluster(
    address: str, *, timeout_s: float, certificates: Certificates
) -> Iterator["Client"]:
    """Client of a running scheduler that has at least one worker; leaves the cluster running.

    Raises:
        EngineError: if none answers, or its address is open to others than this machine.
    """
    import dask
    from distributed import Client

    refuse_open(address, certificates)
    security = security_with(certificates)
    with dask.config.set(SETTINGS):
        try:
            client = Client(address, timeout=timeout_s, set_as_default=False, security=security)
        except (OSError, ValueError) as error:
            raise EngineAwayError(
                f"no Dask scheduler answers at {address!r} within {timeout_s:g} s; start one with "
                f"`dask scheduler` and `dask worker --nthreads 1`, or correct its address or "
                "certificates"
            ) from error
        with client:
            _await_workers(client, 1, timeout_s)
            yield client


def equip_workers(client: "Client", *, are_ours: bool) -> None:
    """Let models stay loaded on all workers, now and when one is restarted.

    Workers that this step has started (``are_ours``) also leave Ctrl-C to it.
    """
    from assets.engine.plugins import HoldsModels, IgnoresInterrupts

    client.register_plugin(HoldsModels())
    if are_ours:
        client.register_plugin(IgnoresInterrupts())


def refuse_without(client: "Client", asked: Resources) -> None:
    """Let pass a cluster of which one worker or more offers what is asked for.

    Raises:
        EngineError: if none does.
    """
    if not asked:
        return
    start = f"dask worker ADDRESS --nthreads 1 --resources {as_options(asked)}"
    refuse_unmet(asked, offers_of(client), f"start one by `{start}`, or ask for less")


def n_places_of(client: "Client", asked: Resources | None = None) -> int:
    """Items that all workers can run at once; 0 while the scheduler does not answer.

    A thread runs one, as far as what each item takes lasts.
    """
    if client.status != "running":
        return 0
    try:
        offers = offers_of(client) if asked else {}
        return sum(
            min(n_threads, n_times_met(asked, offers.get(worker, {}))) if asked else n_threads
            for worker, n_threads in client.nthreads().items()
        )
    except (OSError, RuntimeError):
        return 0


def holder_of(client: "Client", task: str) -> str | None:
    """Address of the worker that runs or queues a task; None where no worker has it."""
    held = client.processing()
    return next((worker for worker, tasks in held.items() if task in map(str, tasks)), None)


def restart_worker(client: "Client", address: str, *, timeout_s: float) -> None:
    """Replace the process of a worker; where nothing watches that process, retire it instead."""
    try:
        client.restart_workers([address], timeout=timeout_s, raise_for_error=False)
    except ValueError:  # the worker runs without a nanny
        client.retire_workers([address], close_workers=True)


def _await_workers(client: "Client", n_workers: int, timeout_s: float) -> None:
    try:
        client.wait_for_workers(n_workers, timeout=timeout_s)
    except TimeoutError as error:
        raise EngineAwayError(
            f"need {n_workers} workers, got {n_places_of(client)} within {timeout_s:g} s; start "
            f"more workers, or raise the engine's start_timeout_s"
        ) from error
