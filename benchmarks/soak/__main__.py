"""Twenty rounds, one a minute, while processes are killed and the disk fills up.

Run `PYTHONPATH=. python -m benchmarks.soak FOLDER --json FILE` in the repository root as root (the
store lies on a small file system in memory). Webserver, daemon and code server run under the
supervisor of `deploy/`; the schedule `weekly_round` ticks every minute in a small miniature world;
each fault of `benchmarks.soak.faults` is done some times at random. When all has come to rest, the
store and the instance are looked at, and some partitions are generated anew without faults in
another store, to compare the rows. Every wait is bounded. Exit 1 where something is wrong, also
where fewer rounds or faults came about than were asked for.
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
from benchmarks.soak.faults import FAULTS, Injector, Soak, lacking
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

OPTIONS = (
    ("rounds", 20, "rounds, one a minute"),
    ("times", 3, "faults of each kind"),
    ("frames", 4, "frames of Cityscapes in the world"),
    ("disk-mib", 256, "size of the store's disk"),
    ("compare", 4, "partitions to generate anew"),
    ("seed", 0, "seed of the faults' order and moments"),
)
"""Name, default and meaning of the numbers of the command line."""


def main(words: Sequence[str] | None = None) -> int:
    """Soak by the command line's options; 1 if something is wrong at the end."""
    options = _read_options(words)
    place = Place(options.folder, disk_mib=options.disk_mib, n_frames=options.frames)
    with place.disk():
        place.prepare(_instance())
        numbers = _soak(place, options)
        numbers["wrong"] = wrongs_of(numbers)
        (options.json or place.folder / "soak.json").write_text(
            json.dumps(numbers, indent=2) + "\n", encoding="utf-8"
        )
    _print(numbers)
    return 1 if numbers["wrong"] else 0


def _read_options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="The faults: " + ", ".join(FAULTS) + ".",
    )
    parser.add_argument("folder", type=Path, help="a new folder, for all that the soak makes")
    for name, usual, what in OPTIONS:
        parser.add_argument(
            f"--{name}", type=int, default=usual, metavar="N", help=f"{what} ({usual})"
        )
    parser.add_argument("--json", type=Path, metavar="FILE", help="file for what was found")
    options = parser.parse_args(words)
    if min(options.rounds, options.times, options.frames, options.compare) < 1:
        parser.error("need one round, fault of each kind, frame and partition to compare or more")
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
        _insist(lambda: start_sensor(address, SENSOR))
        watcher.start()
        injector.start()
        _wait(lambda: _n_rounds(place) >= options.rounds, 3 * over_s)
        injector.stop(longest_s=over_s)  # before the schedule stops: faults need work to hit
        n_rounds = _n_rounds(place)
        _insist(lambda: stop_schedule(address, SCHEDULE))
        rested_s = _wait(lambda: _is_at_rest(place), REST_S)
        watcher.stop()
    verdict = judge(place.home, place.store)
    chosen = _chosen(place, n_compared=options.compare, seed=options.seed)
    differing = _differing(place, chosen)
    memory = [found for kind in SERVERS if (found := memory_of(watcher.looks, kind))]
    return {
        "rounds": n_rounds,
        "rounds_wanted": options.rounds,
        "faults_not_done": lacking(injector.done, options.times),
        "rested_after_s": rested_s,
        "faults": [asdict(fault) for fault in injector.done],
        "verdict": {**asdict(verdict), "is_sound": verdict.is_sound},
        "compared": len(chosen),
        "differing": differing,
        "memory": [{**asdict(one), "is_flat": one.is_flat} for one in memory],
    }


def wrongs_of(numbers: dict[str, Any]) -> list[str]:
    """What is wrong, in words; empty if the soak was one and left nothing to mend."""
    memory = numbers["memory"]
    found = {
        "too few rounds": numbers["rounds"] < numbers["rounds_wanted"],
        "too few faults": bool(numbers["faults_not_done"]),
        "store or instance": not numbers["verdict"]["is_sound"],
        "nothing compared": not numbers["compared"],
        "other rows": bool(numbers["differing"]),
        "memory not measured": {one["kind"] for one in memory} != set(SERVERS),
        "memory grows": not all(one["is_flat"] for one in memory),
    }
    return [name for name, is_wrong in found.items() if is_wrong]


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


def _chosen(place: Place, *, n_compared: int, seed: int) -> list[str]:
    """Complete partitions, by chance."""
    with dg.DagsterInstance.from_config(str(place.home)) as instance:
        lacking = incomplete(instance, partitions_of(instance))
        whole = [key for key in partitions_of(instance) if f"labelled_scenes/{key}" not in lacking]
    return random.Random(seed).sample(whole, min(n_compared, len(whole)))


def _differing(place: Place, chosen: Sequence[str]) -> list[str]:
    """Partitions whose rows are others when they are generated without a fault."""
    other = place.folder / "undisturbed"
    for job in PREPARATION:
        place.run_job(job, MULTISHIFT_STORE_ROOT=str(other))
    for key in chosen:
        place.run_job(JOB, key, MULTISHIFT_STORE_ROOT=str(other))
    before, after = fingerprints(place.store, chosen), fingerprints(other, chosen)
    return [key for key in chosen if before[key] != after[key]]


def _print(numbers: dict[str, Any]) -> None:
    verdict = numbers["verdict"]
    print(f"{numbers['rounds']} of {numbers['rounds_wanted']} rounds", end=", ")
    print(f"{verdict['n_partitions']} partitions; runs", verdict["runs"])
    print("faults:", dict(Counter(fault["kind"] for fault in numbers["faults"])))
    print("faults that found nothing to hit:", numbers["faults_not_done"] or "none")
    for name in ("incomplete", "missing_rows", "repeated_rows", "missing_blobs", "orphan_blobs"):
        print(f"{name}: {len(verdict[name])}")
    for name in ("unfinished_files", "held_slots", "unfinished_runs"):
        print(f"{name}: {len(verdict[name])}")
    print(f"differing from {numbers['compared']} generated anew: {len(numbers['differing'])}")
    for one in numbers["memory"]:
        print(f"{one['kind']}: {one['warm_mib']:.0f} MiB, at the end {one['end_mib']:.0f} MiB")
    print("NOT sound:" if numbers["wrong"] else "sound", ", ".join(numbers["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
