"""Memory of the long-lived processes, looked at now and then."""

import threading
import time
from dataclasses import dataclass

import psutil

from benchmarks.soak.processes import SERVERS, look

EVERY_S = 5.0
WARM_S = 120.0
"""A server has loaded what it needs after this long."""

SLACK_MIB = 16.0
GROWTH = 1.10
"""Flat: the last looks are at most this factor and slack above the first ones after warming up."""


@dataclass(frozen=True)
class Look:
    """Memory of a server at a moment."""

    at_s: float
    kind: str
    pid: int
    rss_mib: float


class Watcher(threading.Thread):
    """Looks at the servers until told to stop."""

    def __init__(self, home: str) -> None:
        """Watch the servers of an instance."""
        super().__init__(daemon=True)
        self.looks: list[Look] = []
        self._home, self._stop = home, threading.Event()

    def run(self) -> None:
        """Look every few seconds."""
        began = time.monotonic()
        while not self._stop.wait(EVERY_S):
            found = look(self._home)
            for kind in SERVERS:
                for process in found.of(kind)[-1:]:  # the eldest: others are its children
                    try:
                        rss_mib = _rss_mib(process)
                    except psutil.Error:
                        continue
                    self.looks.append(Look(time.monotonic() - began, kind, process.pid, rss_mib))

    def stop(self) -> None:
        """End looking."""
        self._stop.set()


def _rss_mib(process: psutil.Process) -> float:
    """Resident memory of a server, and for a code server of the process that it keeps."""
    total = process.memory_info().rss
    for child in process.children():
        if "--heartbeat" in " ".join(child.cmdline()):
            total += child.memory_info().rss
    return total / 2**20


@dataclass(frozen=True)
class Memory:
    """How the memory of the longest life of a server went, in MiB."""

    kind: str
    life_s: float
    warm_mib: float
    end_mib: float

    @property
    def is_flat(self) -> bool:
        """Whether it did not grow but for slack."""
        return self.end_mib <= GROWTH * self.warm_mib + SLACK_MIB


def memory_of(looks: list[Look], kind: str) -> Memory | None:
    """Memory of the longest life of a server; None where none lived longer than warming up."""
    lives: dict[int, list[Look]] = {}
    for each in looks:
        if each.kind == kind:
            lives.setdefault(each.pid, []).append(each)
    if not lives:
        return None
    life = max(lives.values(), key=lambda one: one[-1].at_s - one[0].at_s)
    warm = [each.rss_mib for each in life if each.at_s - life[0].at_s >= WARM_S]
    if not warm:
        return None
    n_ends = max(1, len(warm) // 5)
    first, last = sorted(warm[:n_ends]), sorted(warm[-n_ends:])
    return Memory(kind, life[-1].at_s - life[0].at_s, first[n_ends // 2], last[n_ends // 2])
