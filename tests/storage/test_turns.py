"""Turns, with real processes: one at a time, named to others, free when the process is killed."""

import fcntl
import subprocess
import sys
import threading
import time

import pytest

from storage.turns import TurnTakenError, turn

HOLDS = """
import sys, time
from pathlib import Path
from storage.turns import turn
with turn(Path(sys.argv[1]), wait_s=20):
    print("in", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "work" / ".training.turn"


@pytest.fixture
def other(path):
    """Another process, whose turn it is."""
    words = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as held:
        assert held.stdout.readline() == "in\n"
        yield held
        held.kill()


def test_another_process_is_named_after_a_bounded_wait(path, other):
    began = time.monotonic()
    said = rf"got process {other.pid} on .* or end it, then"
    with pytest.raises(TurnTakenError, match=said), turn(path, wait_s=0.5):
        raise AssertionError
    assert 0.5 <= time.monotonic() - began < 10


def test_a_turn_comes_when_the_other_process_ends(path, other):
    threading.Timer(0.3, other.stdin.close).start()
    with turn(path, wait_s=20):
        assert path.is_file()
    assert list(path.parent.iterdir()) == []


def test_a_killed_process_has_no_turn(path, other):
    other.kill()
    other.wait()
    assert path.is_file()
    with turn(path, wait_s=5):
        pass
    assert not path.exists()


def test_of_many_threads_one_is_in_at_a_time(path):
    inside, seen = [], []

    def work():
        with turn(path, wait_s=20):
            inside.append(1)
            seen.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 6
    assert not path.exists()


def test_a_failure_ends_a_turn(path):
    with pytest.raises(ValueError, match="bad"), turn(path, wait_s=0):
        raise ValueError("bad")
    with turn(path, wait_s=0):
        pass


def test_without_locks_all_are_let_in(path, monkeypatch):
    def refuse(*_):
        raise OSError("no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with turn(path, wait_s=0), turn(path, wait_s=0):
        pass
