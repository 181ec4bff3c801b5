"""A step that is stopped lets items under way end, keeps their rows, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from assets.engine.drain import Drain


class StoppedError(Exception):
    pass


@pytest.fixture
def raising():
    """Signals raise wherever the code is, as in a step of Dagster."""
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number, frame):
        raise StoppedError

    for number in former:
        signal.signal(number, stop)
    yield stop
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_waits_for_the_end(raising, number):
    reached = []
    with pytest.raises(StoppedError), Drain(30) as drain:  # noqa: PT012
        assert not drain.is_asked
        signal.raise_signal(number)
        reached.append(drain.is_asked)
    assert reached == [True]
    assert signal.getsignal(number) is raising


def test_the_second_stops_at_once(raising):
    with pytest.raises(StoppedError), Drain(30):  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second signal was held back")
    assert signal.getsignal(signal.SIGTERM) is raising


def test_the_time_ends(raising):
    began = time.monotonic()
    with pytest.raises(StoppedError), Drain(0.3):  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        time.sleep(20)
    assert time.monotonic() - began < 10


def test_an_error_of_the_stage_is_told_first(raising):
    with pytest.raises(ZeroDivisionError), Drain(30):  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        _ = 1 // 0


def test_a_handler_that_does_not_raise_ends_the_step_all_the_same(raising):
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    with pytest.raises(KeyboardInterrupt), Drain(30):
        signal.raise_signal(signal.SIGTERM)


def test_no_time_and_other_threads_change_nothing(raising):
    with pytest.raises(StoppedError), Drain(0):
        signal.raise_signal(signal.SIGINT)
    with Drain(30):
        thread = threading.Thread(target=Drain(30).__enter__)
        thread.start()
        thread.join()


def test_what_would_end_the_process_still_does(raising):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with Drain(30):
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def stop_while_under_way(folder, *arguments, to_all=False):
    """Numbers that began before the signal, and those whose rows were kept."""
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    here = Path(__file__)
    path = os.pathsep.join([str(here.parents[3]), str(here.parent)])
    run = subprocess.Popen(
        [sys.executable, str(here.with_name("stopped_run.py")), str(folder), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "DAGSTER_HOME": str(folder / "home"), "PYTHONPATH": path},
    )
    try:
        deadline = time.monotonic() + 60
        while not (folder / "rows").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)  # in the middle of the next ones
        workers = psutil.Process(run.pid).children(recursive=True)
        began = numbers(folder, "began-*")
        (os.killpg if to_all else os.kill)(run.pid, signal.SIGINT if to_all else signal.SIGTERM)
        _, errors = run.communicate(timeout=60)
        assert run.returncode != 0, errors[-2000:]
        assert "Interrupt" in errors
        _, alive = psutil.wait_procs(workers, 10)
        assert alive == []
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
    assert not (folder / "committed").exists()
    assert began == numbers(folder, "began-*")
    return began, {int(line) for line in (folder / "rows").read_text().split()}


def numbers(folder, pattern):
    return {int(path.name.partition("-")[2]) for path in folder.glob(pattern)}


@pytest.mark.parametrize(
    ("mode", "to_all"),
    [
        ("inline", False),
        pytest.param("processes", False, marks=pytest.mark.slow),
        pytest.param("processes", True, marks=pytest.mark.slow),
    ],
)
def test_items_under_way_end_and_their_rows_are_kept(tmp_path, mode, to_all):
    """Ctrl-C in a terminal (``to_all``) reaches the workers as well."""
    began, kept = stop_while_under_way(tmp_path, mode, "30", to_all=to_all)
    assert kept == began
    assert 2 <= len(kept) <= 4


@pytest.mark.slow
def test_a_run_in_dagsters_own_processes(tmp_path):
    """The way of the UI: the run's process is told, and tells the process of the step."""
    began, kept = stop_while_under_way(tmp_path, "processes", "30", "executor")
    assert kept == began


@pytest.mark.slow
def test_items_that_take_longer_than_the_time_are_given_up(tmp_path):
    began, kept = stop_while_under_way(tmp_path, "processes", "0.2")
    assert len(kept) < len(began)
