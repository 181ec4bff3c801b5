"""Which process is what: the servers by their command lines, all others by their ancestors."""

from dataclasses import dataclass

import psutil

SERVERS = {
    "webserver": ("dagster_webserver", "dagster-webserver"),
    "daemon": ("dagster._daemon", "dagster-daemon"),
    "code server": ("dagster code-server", "dagster api grpc"),
}
"""Words of a command line that tell each server; the first process that matches is the one."""

SPAWNED = "multiprocessing.spawn"
"""In the command line of runs, steps and workers: each is spawned by the one before."""

KINDS = ("run", "step", "worker")


@dataclass(frozen=True)
class Found:
    """Processes of an instance by kind; those that began last come first."""

    by_kind: dict[str, list[psutil.Process]]

    def of(self, kind: str) -> list[psutil.Process]:
        """Processes of a kind: a server, run, step or worker."""
        return self.by_kind.get(kind, [])


def look(home: str) -> Found:
    """Everything that runs on an instance.

    Args:
        home: DAGSTER_HOME, by which processes are known, for children inherit it.
    """
    mine = {process.pid: process for process in psutil.process_iter() if _home_of(process) == home}
    found: dict[str, list[psutil.Process]] = {}
    for process in mine.values():
        if kind := _kind_of(process, mine):
            found.setdefault(kind, []).append(process)
    for processes in found.values():
        processes.sort(key=lambda process: -process.create_time())
    return Found(found)


def _kind_of(process: psutil.Process, mine: dict[int, psutil.Process]) -> str | None:
    words = _words_of(process)
    if SPAWNED in words:
        depth = _n_spawned_above(process, mine)
        return KINDS[depth] if depth < len(KINDS) else None
    found = (kind for kind, marks in SERVERS.items() if any(mark in words for mark in marks))
    return next(found, None)


def _n_spawned_above(process: psutil.Process, mine: dict[int, psutil.Process]) -> int:
    """Ancestors that were spawned, too; a run whose server died has none, as one that has it."""
    n_found, above = 0, mine.get(_parent_of(process))
    while above is not None:
        n_found += SPAWNED in _words_of(above)
        above = mine.get(_parent_of(above))
    return n_found


def _parent_of(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def _home_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("DAGSTER_HOME")
    except (psutil.Error, OSError):
        return None


def _words_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
