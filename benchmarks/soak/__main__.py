"""Twenty rounds, one a minute, while processes are killed and the disk fills up.

Run `PYTHONPATH=. python -m benchmarks.soak FOLDER --json FILE` in the repository root as root (the
store lies on a small file system in memory). Webserver, daemon and code server run under the
supervisor of `deploy/`; the schedule `weekly_round` ticks every minute in a small miniature world;
each fault of `benchmarks.soak.faults` is done some times at random. When all has come to rest, the
store and the instance are looked at, and some partitions are generated anew without faults in
another store, to compare the rows. Exit 1 where something is wrong.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from assets.partitions import rounds
from benchmarks.soak.faults import FAULTS, Injector, Soak
from benchmarks.soak.graphql import NoAnswerError, start_schedule, start_sensor, stop_schedule
from benchmarks.soak.place import PREPARATION, ROOT, Place
from benchmarks.soak.processes import SERVERS
from benchmarks.soak.serving import served
from benchmarks.soak.verdict import fingerprints, incomplete, judge, partitions_of
from benchmarks.soak.watching import Watcher, memory_of

SCHEDULE, SENSOR, JOB = "weekly_round", "lost_runs", "generate"
TICK_S = 60.0
REST_S = 2400.0
"""Longest wait for everything to be complete after the last round was opened."""

LOOK_S = 10.0


def main(words: Sequence[str] | None = None) -> int:
    """Soak by the command line's options; 1 if something is wrong at the end."""
    options = _read_options(words)
    place = Place(options.folder, disk_mib=options.disk_mib, n_frames=options.frames)
    with place.disk():
        place.prepare(_instance())
        numbers = _soak(place, options)
        (options.json or place.folder / "soak.json").write_text(
            json.dumps(numbers, indent=2) + "\n", encoding="utf-8"
        )
    _print(numbers)
    return 0 if numbers["is_sound"] else 1


def _read_options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--times", type=int, default=3, help="faults of each kind")
    parser.add_argument("--frames", type=int, default=4, help="frames of Cityscapes in the world")
    parser.add_argument("--disk-mib", type=int, default=256)
    parser.add_argument("--compare", type=int, default=4, help="partitions to generate anew")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    parser.add_argument("--json", type=Path, help="file for what was found")
    options = parser.parse_args(words)
    if options.folder.exists():
        parser.error(f"need a folder that does not exist, got {options.folder}")
    options.folder = options.folder.absolute()
    return options


def _instance() -> str:
    """The checkout's `dagster.yaml` but for its places, which become those of DAGSTER_HOME."""
    facts = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    for place in ("storage", "local_artifact_storage", "compute_logs"):
        facts.pop(place)
    return str(yaml.safe_dump(facts))


def _soak(place: Place, options: argparse.Namespace) -> dict[str, Any]:
    watcher = Watcher(str(place.home))
    with served(place) as address:
        soak = Soak(place.home, place.store, address, JOB)
        over_s = TICK_S * options.rounds
        injector = Injector(soak, times=options.times, over_s=over_s, seed=options.seed)
        _insist(lambda: start_schedule(address, SCHEDULE))
        start_sensor(address, SENSOR)
        watcher.start()
        injector.start()
        _wait(lambda: _n_rounds(place) >= options.rounds, 3 * over_s)
        injector.join(timeout=over_s)  # before the schedule stops: faults need work to hit
        _insist(lambda: stop_schedule(address, SCHEDULE))
        rested_s = _wait(lambda: _is_at_rest(place), REST_S)
        watcher.stop()
    verdict = judge(place.home, place.store)
    differing = _differing(place, n_compared=options.compare, seed=options.seed)
    memory = [found for kind in SERVERS if (found := memory_of(watcher.looks, kind))]
    return {
        "is_sound": verdict.is_sound
        and not differing
        and Counter(fault.kind for fault in injector.done) == dict.fromkeys(FAULTS, options.times)
        and len(memory) == len(SERVERS)
        and all(one.is_flat for one in memory),
        "rounds": options.rounds,
        "rested_after_s": rested_s,
        "faults": [asdict(fault) for fault in injector.done],
        "verdict": asdict(verdict),
        "compared": options.compare,
        "differing": differing,
        "memory": [{**asdict(one), "is_flat": one.is_flat} for one in memory],
    }


def _insist(ask: Callable[[], None]) -> None:
    """Ask until there is an answer: the code server may just be starting."""
    deadline = time.monotonic() + TICK_S
    while True:
        try:
            ask()
        except NoAnswerError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)
        else:
            return


def _wait(is_done: Callable[[], bool], longest_s: float) -> float:
    """Seconds until something is done, or until the wait was too long."""
    began = time.monotonic()
    while not is_done() and time.monotonic() - began < longest_s:
        time.sleep(LOOK_S)
    return time.monotonic() - began


def _n_rounds(place: Place) -> int:
    with dg.DagsterInstance.from_config(str(place.home)) as instance:
        return len(instance.get_dynamic_partitions(str(rounds.name)))


def _is_at_rest(place: Place) -> bool:
    with dg.DagsterInstance.from_config(str(place.home)) as instance:
        is_running = any(not run.is_finished for run in instance.get_runs())
        return not is_running and not incomplete(instance, partitions_of(instance))


def _differing(place: Place, *, n_compared: int, seed: int) -> list[str]:
    """Partitions whose rows are others when they are generated without a fault."""
    with dg.DagsterInstance.from_config(str(place.home)) as instance:
        lacking = incomplete(instance, partitions_of(instance))
        whole = [key for key in partitions_of(instance) if f"labelled_scenes/{key}" not in lacking]
    chosen = random.Random(seed).sample(whole, min(n_compared, len(whole)))
    other = place.folder / "undisturbed"
    for job in PREPARATION:
        place.run_job(job, MULTISHIFT_STORE_ROOT=str(other))
    for key in chosen:
        place.run_job(JOB, key, MULTISHIFT_STORE_ROOT=str(other))
    before, after = fingerprints(place.store, chosen), fingerprints(other, chosen)
    return [key for key in chosen if before[key] != after[key]]


def _print(numbers: dict[str, Any]) -> None:
    verdict = numbers["verdict"]
    print(f"{numbers['rounds']} rounds, {verdict['n_partitions']} partitions; runs", end=" ")
    print(verdict["runs"])
    print("faults:", dict(Counter(fault["kind"] for fault in numbers["faults"])))
    for name in ("incomplete", "missing_rows", "repeated_rows", "missing_blobs", "orphan_blobs"):
        print(f"{name}: {len(verdict[name])}")
    for name in ("unfinished_files", "held_slots", "unfinished_runs"):
        print(f"{name}: {len(verdict[name])}")
    print(f"differing from {numbers['compared']} generated anew: {len(numbers['differing'])}")
    for one in numbers["memory"]:
        print(f"{one['kind']}: {one['warm_mib']:.0f} MiB, at the end {one['end_mib']:.0f} MiB")
    print("sound" if numbers["is_sound"] else "NOT sound")


if __name__ == "__main__":
    sys.exit(main())
