"""Starts a Dask cluster of SLURM jobs, one GPU each, prints its address, and stays until stopped.

Run it on a login or service node, outside of Dagster: steps come and go, the cluster stays, and so
do the models that its workers have loaded. A job ends by itself before its time limit, each at
another moment, and another one is asked for in its place, as in that of a job that was killed. Only
who holds the certificates may use the cluster.
"""

import argparse
import os
import re
import signal
import sys
import threading
from pathlib import Path

from dask_jobqueue import SLURMCluster
from distributed.security import Security

ROOT = Path(__file__).resolve().parents[2]

MARGIN_S, STAGGER_S = 600, 300
"""A worker gives its items up this long before its job's time limit, give or take the other."""

LOOK_EVERY = "30s"
"""How often jobs that have ended are replaced."""

_WALLTIME = re.compile(r"(?:(\d+)-)?(\d+):(\d\d):(\d\d)")


def lifetime_of(walltime: str) -> int:
    """Seconds that a worker lives, on average, of a time limit ``[DAYS-]HOURS:MINUTES:SECONDS``.

    Raises:
        SystemExit: if it is written otherwise, or too short.
    """
    found = _WALLTIME.fullmatch(walltime)
    days, hours, minutes, seconds = map(int, found.groups("0")) if found else (0, 0, 0, 0)
    lifetime = ((24 * days + hours) * 60 + minutes) * 60 + seconds - MARGIN_S
    if lifetime <= STAGGER_S:
        sys.exit(f"need a walltime such as 08:00:00, longer than 15 minutes, got {walltime}")
    return lifetime


def read_wish() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=4, help="SLURM jobs, each with one GPU")
    parser.add_argument("--partition", help="SLURM partition")
    parser.add_argument("--account", help="SLURM account")
    parser.add_argument("--gres", default="gpu:1", help="generic resource of a job")
    parser.add_argument("--cpus", type=int, default=8, help="CPU cores of a job")
    parser.add_argument("--memory", default="64GB", help="memory of a job")
    parser.add_argument("--walltime", default="08:00:00", help="longest life of a job")
    parser.add_argument("--interface", help="network interface that nodes share, such as ib0")
    parser.add_argument("--port", type=int, default=8786, help="port of the scheduler")
    parser.add_argument("--logs", default="logs/slurm", help="folder of the jobs' output")
    parser.add_argument("--script", action="store_true", help="print a job's script and end")
    return parser.parse_args()


def read_certificates() -> Security:
    """Certificates that the variables of `docs/deploy.md` name; nodes read the same files.

    Raises:
        SystemExit: naming the variable whose file is missing.
    """
    files = {}
    for name in ("CA", "CERT", "KEY"):
        variable = f"MULTISHIFT_ENGINE_TLS_{name}"
        file = Path(os.environ.get(variable) or "/").absolute()
        if not file.is_file():
            sys.exit(f"need a PEM file for {variable}, got {file}; docs/deploy.md makes some")
        files[name] = str(file)
    roles = ("scheduler", "worker", "client")
    return Security(
        require_encryption=True,
        tls_ca_file=files["CA"],
        **{f"tls_{role}_cert": files["CERT"] for role in roles},
        **{f"tls_{role}_key": files["KEY"] for role in roles},
    )


def open_cluster(wish: argparse.Namespace) -> SLURMCluster:
    """The scheduler, in this process; no job is asked for yet."""
    return SLURMCluster(
        queue=wish.partition,
        account=wish.account,
        cores=1,  # one thread: an item has the GPU for itself
        processes=1,
        job_cpu=wish.cpus,
        memory=wish.memory,
        walltime=wish.walltime,
        interface=wish.interface,
        protocol="tls://",
        security=read_certificates(),
        python=sys.executable,
        job_extra_directives=[f"--gres={wish.gres}"],
        worker_extra_args=[
            *("--resources", "GPU=1", "--no-dashboard"),
            *("--lifetime", f"{lifetime_of(wish.walltime)}s"),
            *("--lifetime-stagger", f"{STAGGER_S}s"),
        ],
        job_script_prologue=[f"export PYTHONPATH={ROOT}", "export OMP_NUM_THREADS=1"],
        log_directory=wish.logs,
        scheduler_options={"port": wish.port, "dashboard_address": "127.0.0.1:8787"},
    )


def main() -> None:
    """Start the cluster and wait for a signal."""
    wish, stop = read_wish(), threading.Event()
    with open_cluster(wish) as cluster:
        if wish.script:
            sys.stdout.write(cluster.job_script())
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        # `scale` would ask once, and never for another job in the place of one that has ended.
        cluster.adapt(minimum_jobs=wish.jobs, maximum_jobs=wish.jobs, interval=LOOK_EVERY)
        sys.stdout.write(
            "export MULTISHIFT_ENGINE_MODE=cluster "
            f"MULTISHIFT_ENGINE_ADDRESS={cluster.scheduler_address}\n"
        )
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
