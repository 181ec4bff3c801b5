"""Work of hours ends with whoever asked for it, with real processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import engine_items
import pytest

from assets.engine.orphans import ends_with_its_asker
from assets.engine.resource import Engine

ASKS = """
import sys
sys.path.insert(0, sys.argv[1])
import engine_items
from assets.engine.resource import Engine
if __name__ == "__main__":
    engine = Engine(mode="cluster", address=sys.argv[2], item_timeout_s=600)
    list(engine.map(engine_items.work_for_hours, [sys.argv[3]], key=str))
"""


def wait_until(truth, seconds=30.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(pid):
    """Whether a process runs, which may be no child of this one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def number_in(path):
    wait_until(lambda: path.is_file() and path.read_text())
    return int(path.read_text())


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    place = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=1, threads_per_worker=1, **place) as running:
        yield running


def test_an_item_of_a_killed_step_ends_and_its_worker_works_again(cluster, tmp_path):
    path = tmp_path / "pid"
    words = [str(Path(__file__).parent), cluster.scheduler_address, str(path)]
    with subprocess.Popen([sys.executable, "-c", ASKS, *words]) as step:
        worker = number_in(path)
        assert is_alive(worker)
        step.kill()
    wait_until(lambda: not is_alive(worker))
    engine = Engine(mode="cluster", address=cluster.scheduler_address, start_timeout_s=40)
    (outcome,) = engine.map(engine_items.square, [3], key=str)
    assert outcome.value == 9


def test_an_item_that_is_waited_for_goes_on(cluster, tmp_path):
    path = tmp_path / "pid"
    engine = Engine(mode="cluster", address=cluster.scheduler_address, item_timeout_s=3)
    (outcome,) = engine.map(engine_items.work_for_hours, [str(path)], key=str)
    assert "did not finish within 3 s" in outcome.error.reason


def spawn_one_that_works(path):
    """As a run does with a step."""
    context = multiprocessing.get_context("spawn")
    context.Process(target=engine_items.work_for_hours, args=(path,)).start()
    time.sleep(600)


def test_a_step_of_a_killed_run_ends(tmp_path):
    path = tmp_path / "pid"
    run = multiprocessing.get_context("spawn").Process(
        target=spawn_one_that_works, args=(str(path),)
    )
    run.start()
    step = number_in(path)
    time.sleep(2.5)
    assert is_alive(step)
    os.kill(run.pid, signal.SIGKILL)
    run.join()
    wait_until(lambda: not is_alive(step))


def test_what_nobody_spawned_goes_on():
    with ends_with_its_asker():
        time.sleep(0.1)
