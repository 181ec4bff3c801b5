"""The faults: each is done to a running soak, and says what it hit; None if nothing was there."""

import errno
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psutil

from benchmarks.soak.graphql import NoAnswerError, launch
from benchmarks.soak.processes import look

FULL_S = 10.0
"""How long the store's disk has no room."""

AGAIN_S = 1.0
"""Pause before a fault that found nothing to hit is tried again."""

LAST_S = 120.0
"""Longest time of one fault."""

CHUNK = 1 << 20
FILLER = "filler"


@dataclass(frozen=True)
class Soak:
    """Where the soak runs, and what is generated there."""

    home: Path
    store: Path
    address: str
    job: str


Fault = Callable[[Soak, random.Random], str | None]


def _kill(soak: Soak, kind: str, draw: random.Random) -> str | None:
    found = look(str(soak.home)).of(kind)
    if not found:
        return None
    victim = draw.choice(found)
    try:
        victim.kill()
    except psutil.NoSuchProcess:
        return None
    return f"SIGKILL to {kind} {victim.pid}"


def kill_worker(soak: Soak, draw: random.Random) -> str | None:
    """Kill a process that draws or judges items for a step."""
    return _kill(soak, "worker", draw)


def kill_step(soak: Soak, draw: random.Random) -> str | None:
    """Kill the process of a step under way."""
    return _kill(soak, "step", draw)


def kill_run(soak: Soak, draw: random.Random) -> str | None:
    """Kill the process of a run, which leaves its step an orphan."""
    return _kill(soak, "run", draw)


def kill_code_server(soak: Soak, draw: random.Random) -> str | None:
    """Kill the server that holds the definitions and starts runs."""
    return _kill(soak, "code server", draw)


def kill_daemon(soak: Soak, draw: random.Random) -> str | None:
    """Kill the process that ticks schedules, takes runs from the queue and watches them."""
    return _kill(soak, "daemon", draw)


def fill_disk(soak: Soak, draw: random.Random) -> str | None:  # noqa: ARG001
    """Leave no room on the store's disk for a while; only while a step is at work."""
    if not look(str(soak.home)).of("step"):
        return None
    filler = soak.store / FILLER
    n_bytes = _fill(filler)
    threading.Timer(FULL_S, filler.unlink, kwargs={"missing_ok": True}).start()
    return f"the store's disk full for {FULL_S:g} s, {n_bytes >> 20} MiB taken"


def _fill(filler: Path) -> int:
    n_bytes = 0
    with filler.open("wb", buffering=0) as stream:
        chunk = bytes(CHUNK)
        while chunk:
            try:
                n_bytes += stream.write(chunk)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                chunk = chunk[: len(chunk) // 2]
    return n_bytes


def launch_twice(soak: Soak, draw: random.Random) -> str | None:
    """Launch a partition that is under way, or the newest, two times more at once."""
    with dg.DagsterInstance.from_config(str(soak.home)) as instance:
        runs = instance.get_runs(dg.RunsFilter(job_name=soak.job), limit=4)
    if not runs:
        return None
    tags = draw.choice(runs).tags
    city, round_key = tags["dagster/partition/city"], tags["dagster/partition/round"]
    try:
        ids = [launch(soak.address, soak.job, city=city, round_key=round_key) for _ in range(2)]
    except NoAnswerError:
        return None
    return f"{city}, {round_key} launched twice more: {', '.join(each[:8] for each in ids)}"


FAULTS: dict[str, Fault] = {
    "worker killed": kill_worker,
    "step killed": kill_step,
    "run killed": kill_run,
    "code server killed": kill_code_server,
    "daemon killed": kill_daemon,
    "disk full": fill_disk,
    "two launches": launch_twice,
}


@dataclass(frozen=True)
class Injected:
    """One fault that was done."""

    at_s: float
    kind: str
    what: str


def planned(times: int, draw: random.Random) -> list[str]:
    """Kinds of faults, each that many times, in an order of chance."""
    kinds = list(FAULTS) * times
    draw.shuffle(kinds)
    return kinds


def lacking(done: Iterable[Injected], times: int) -> dict[str, int]:
    """Faults that were wanted and not done, by kind."""
    counts = Counter(fault.kind for fault in done)
    return {kind: times - counts[kind] for kind in FAULTS if counts[kind] < times}


class Injector(threading.Thread):
    """Does faults at random moments, each kind as often as wanted, until all are done."""

    def __init__(self, soak: Soak, *, times: int, over_s: float, seed: int) -> None:
        """Spread ``times`` faults of each kind over that many seconds, in an order of a seed."""
        super().__init__(daemon=True)
        self.done: list[Injected] = []
        self._soak, self._draw = soak, random.Random(seed)
        self._wanted = planned(times, self._draw)
        self._pause_s = over_s / len(self._wanted)
        self._began, self._is_over = time.monotonic(), threading.Event()

    def run(self) -> None:
        """Do one after another; a fault that finds nothing to hit is tried again after a second."""
        for kind in self._wanted:
            pause_s = self._draw.uniform(0.5, 1.5) * self._pause_s
            while not self._is_over.wait(pause_s):
                if (what := FAULTS[kind](self._soak, self._draw)) is not None:
                    self.done.append(Injected(time.monotonic() - self._began, kind, what))
                    print(f"{self.done[-1].at_s:7.0f} s  {kind}: {what}", flush=True)
                    break
                pause_s = AGAIN_S

    def stop(self, *, longest_s: float) -> None:
        """Wait until all are done, or that long; from then on nothing more is harmed."""
        self.join(longest_s)
        self._is_over.set()
        self.join(LAST_S)
        if self.is_alive():
            raise RuntimeError(f"the fault under way did not end within {LAST_S:g} s")
