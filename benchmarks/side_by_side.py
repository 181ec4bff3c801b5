"""Two ways to one result, timed in turns: medians, their ratio, and whether the results agree."""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(
    name: str,
    *,
    slow: Callable[[], Any],
    fast: Callable[[], Any],
    agree: Callable[[Any, Any], bool],
    bar: float,
) -> int:
    """Time both ways by the command line's options; 1 if they disagree or the ratio is too low.

    Args:
        name: what is compared, one line.
        slow: the usual way.
        fast: ours.
        agree: whether the two results are the same.
        bar: ratio of the medians that ours must reach.
    """
    parser = argparse.ArgumentParser(description=name)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each way")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    if not agree(slow(), fast()):
        print(f"{name}: the two ways give different results")
        return 1
    slow_s, fast_s = _time_in_turns(slow, fast, options.repeats)
    ratio = statistics.median(slow_s) / statistics.median(fast_s)
    numbers = {
        "name": name,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "repeats": options.repeats,
        "slow_median_s": statistics.median(slow_s),
        "fast_median_s": statistics.median(fast_s),
        "ratio": ratio,
        "bar": bar,
    }
    print(
        f"{name}: {numbers['slow_median_s'] * 1e3:.1f} ms against "
        f"{numbers['fast_median_s'] * 1e3:.2f} ms, {ratio:.0f} times as fast (bar: {bar:g})"
    )
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")
    return 0 if ratio >= bar else 1


def _time_in_turns(
    slow: Callable[[], Any], fast: Callable[[], Any], repeats: int
) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for way, found in zip((slow, fast), times, strict=True):
            start = time.perf_counter()
            way()
            found.append(time.perf_counter() - start)
    return times
