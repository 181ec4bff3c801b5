"""How fast the Dagster UI answers when a thousand partitions of generation are there.

Run `PYTHONPATH=. python benchmarks/many_partitions.py` in the repository root, with chromium
installed. On an instance of its own, every stage of generation is reported as materialized for
rounds times cities; then a browser opens the asset's page and its launch dialog, as a person
would. The first visit is not counted: the browser has no scripts yet. Exit 1 where the median of
one is over the aim.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from playwright.sync_api import Page, sync_playwright

from assets.partitions import ScenePartition, cities, rounds
from benchmarks.answering import end, wait_until_it_answers

MAX_S = 2.0
STAGES = ("scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes")
ASSET = STAGES[-1]
N_CITIES = 4
START_S, STOP_S = 120.0, 60.0
INSTANCE = "telemetry: {enabled: false}\nnux: {enabled: false}\n"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def fill(home: Path, n_partitions: int) -> int:
    """Report all stages as materialized for that many partitions or a few more; gives how many."""
    names = [f"round-{number}" for number in range(-(-n_partitions // N_CITIES))]
    towns = [f"city-{number}" for number in range(N_CITIES)]
    keys = [ScenePartition(round=name, city=town).key for name in names for town in towns]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.add_dynamic_partitions(str(rounds.name), names)
        instance.add_dynamic_partitions(str(cities.name), towns)
        for stage in STAGES:
            for key in keys:
                instance.report_runless_asset_event(dg.AssetMaterialization(stage, partition=key))
    return len(keys)


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Address of a webserver on the instance, until the context ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = ["-m", "dagster_webserver", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", port]
    server = subprocess.Popen(
        [sys.executable, *words],
        env={**os.environ, "DAGSTER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Started in the background of a shell, we ignore SIGINT; Dagster would then ignore
        # SIGTERM, too, and outlive us.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/server_info", longest_s=START_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(server, longest_s=STOP_S)


def visit(page: Page, address: str, n_partitions: int) -> tuple[float, float]:
    """Seconds until the page counts all partitions, and until the dialog can launch."""
    began = time.perf_counter()
    page.goto(f"{address}/assets/{ASSET}?view=partitions")
    page.wait_for_selector(f"text=Materialized ({n_partitions})")
    opened = time.perf_counter()
    page.locator("button:has-text('Materialize')").first.click()
    page.wait_for_selector("text=Backfill only failed and missing")
    page.wait_for_selector("text=Loading pipeline and partition sets", state="detached")
    return opened - began, time.perf_counter() - opened


def measure(address: str, n_partitions: int, repeats: int, picture: Path | None) -> dict[str, Any]:
    """Seconds of each visit but the first."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(60_000)
        times = [visit(page, address, n_partitions) for _ in range(repeats + 1)][1:]
        if picture:
            page.screenshot(path=picture)
        browser.close()
    return {"page_s": [one for one, _ in times], "dialog_s": [other for _, other in times]}


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("need chromium, found none; install the package chromium")
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Measure by the command line's options; 1 if a median is over the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--picture", type=Path, help="PNG of the last dialog")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "dagster.yaml").write_text(INSTANCE, encoding="utf-8")
        n_partitions = fill(home, options.partitions)
        with served(home) as address:
            numbers = measure(address, n_partitions, options.repeats, options.picture)
    medians = {name: statistics.median(times) for name, times in numbers.items()}
    for name, median in medians.items():
        print(f"{n_partitions} partitions, {name}: median {median:.2f} s (aim {MAX_S:g})")
    if options.json:
        found = {"n_partitions": n_partitions, "medians": medians, **numbers}
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0 if max(medians.values()) <= MAX_S else 1


if __name__ == "__main__":
    sys.exit(main())
