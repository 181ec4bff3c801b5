"""What Dagster costs: seconds beside each step, and its share of everything that ran.

Run `python benchmarks/orchestration.py HOME` on the instance of a finished demo (`DAGSTER_HOME`;
the checkout, where none was set), or of a finished soak. A step's own time begins when its process
has loaded the definitions and ends with its last event; all else of a run is called overhead: the
processes' start, the definitions, the queue of events. Of runs that follow each other, the pauses
between them count, too. Exit 1 where a bar is missed.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.table import Table

MAX_STEP_S = 3.0
"""Aimed at: overhead of a step, the median over the runs."""

MAX_SHARE = 0.10
"""Aimed at: overhead of the time from the first run's start to the last one's end."""

Span = tuple[float, float]


@dataclass(frozen=True)
class RunCost:
    """Seconds of one run, and of those the steps' own."""

    job: str
    start_s: float
    end_s: float
    steps: tuple[Span, ...]

    @property
    def computed_s(self) -> float:
        """Seconds in which a step was at work."""
        return covered(self.steps)

    @property
    def step_overhead_s(self) -> float:
        """Overhead for each step of the run."""
        return (self.end_s - self.start_s - self.computed_s) / max(1, len(self.steps))


def covered(spans: Iterable[Span]) -> float:
    """Seconds that lie in one span or more; spans may overlap."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def cost_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunCost | None:
    """Where the time of a run went; None if it, or a step of it, has no end."""
    stats = instance.get_run_stats(run.run_id)
    steps = instance.get_run_step_stats(run.run_id)
    spans = [(step.start_time, step.end_time) for step in steps]
    if stats.start_time is None or stats.end_time is None or not spans:
        return None
    ended = [(start, end) for start, end in spans if start is not None and end is not None]
    if len(ended) < len(spans):
        return None
    return RunCost(
        run.job_name,
        stats.start_time,
        stats.end_time,
        tuple(within((stats.start_time, stats.end_time), ended)),
    )


def within(whole: Span, spans: Iterable[Span]) -> list[Span]:
    """The parts of spans that lie in another one: an orphaned step ends after its run."""
    first, last = whole
    cut = ((max(first, start), min(last, end)) for start, end in spans)
    return [(start, end) for start, end in cut if start <= end]


def costs_of(home: Path) -> list[RunCost]:
    """Costs of the runs of an instance that succeeded, oldest first."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        done = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
        found = [cost_of(instance, run) for run in done]
    # The job `demo` is a command whose runs are here, too.
    return sorted(
        (cost for cost in found if cost and cost.job != "demo"), key=lambda cost: cost.start_s
    )


def share_of_all(costs: Sequence[RunCost]) -> float:
    """Overhead as a share of the time from the first start to the last end, pauses included."""
    whole = max(cost.end_s for cost in costs) - min(cost.start_s for cost in costs)
    return 1 - covered(step for cost in costs for step in cost.steps) / whole


def print_table(costs: Sequence[RunCost]) -> None:
    """One line a job: runs, steps, seconds of a run, of them computed, overhead a step."""
    table = Table("job", "runs", "steps", "seconds a run", "computed", "overhead a step")
    for job in dict.fromkeys(cost.job for cost in costs):
        mine = [cost for cost in costs if cost.job == job]
        table.add_row(
            job,
            str(len(mine)),
            str(len(mine[0].steps)),
            f"{statistics.median(cost.end_s - cost.start_s for cost in mine):.1f}",
            f"{statistics.median(cost.computed_s for cost in mine):.1f}",
            f"{statistics.median(cost.step_overhead_s for cost in mine):.2f}",
        )
    Console().print(table)


def main(words: Sequence[str] | None = None) -> int:
    """Measure by the command line's options; 1 if a number misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="DAGSTER_HOME of the instance")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args(words)
    if not (options.home / "dagster.yaml").is_file():
        parser.error(f"need a folder with a dagster.yaml, found none in {options.home}")
    os.chdir(options.home)  # paths in a dagster.yaml may be relative to it
    costs = costs_of(Path.cwd())
    if not costs:
        parser.error(f"need an instance with runs that succeeded, found none in {options.home}")
    step_s = statistics.median(cost.step_overhead_s for cost in costs)
    share = share_of_all(costs)
    print_table(costs)
    print(f"overhead a step {step_s:.2f} s (aim {MAX_STEP_S:g}), of all {share:.1%} (aim 10 %)")
    if options.json:
        numbers = {"step_s": step_s, "share": share, "runs": [asdict(cost) for cost in costs]}
        options.json.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return 0 if step_s <= MAX_STEP_S and share <= MAX_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
