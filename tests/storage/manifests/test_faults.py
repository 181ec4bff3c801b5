"""What must never happen: rows lost, rows mixed, a store that no longer opens."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.manifests.manifest import DamagedPartError, Manifests
from storage.records import Quarantined
from tests.storage.writers import ROWS, readable, rows_of

REPOSITORY = Path(__file__).resolve().parents[3]
N_KILLS = 20


def start(*words):
    command = [sys.executable, "-m", "tests.storage.writers", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True)


def answer(process):
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(output)


def wait_until(condition, *, timeout_s=60):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def acknowledged(log):
    """The last version whose commit returned in some writer."""
    numbers = [int(line) for line in log.read_text().split() if line != "started"]
    return max(numbers, default=0)


def test_a_writer_killed_at_random_moments_loses_nothing(tmp_path):
    moments = random.Random(7)
    log, root = tmp_path / "log", tmp_path / "store"
    log.touch()
    nursery = start("breed_writers", root, log)
    for n_before in range(N_KILLS):
        print("writer", file=nursery.stdin, flush=True)
        writer = int(nursery.stdout.readline())
        wait_until(lambda n=n_before: log.read_text().count("started") > n)
        time.sleep(moments.uniform(0, 0.15))
        os.kill(writer, signal.SIGKILL)
        wait_until(lambda process=writer: not is_alive(process))
        number, generations, n_rows = readable(str(root)) or (0, ["0"], ROWS)
        assert n_rows == ROWS
        assert generations == [str(number)]
        assert number in (acknowledged(log), acknowledged(log) + 1)
    nursery.communicate()
    assert acknowledged(log) >= N_KILLS
    manifests = Manifests(str(root))
    for version in manifests.versions("scenes"):
        reasons = manifests.read("scenes", "quarantine", version=version.version).column("reason")
        assert reasons.to_pylist() == [str(version.version)] * ROWS


@pytest.mark.parametrize(("n_former", "min_steps"), [(0, 20), (1, 8)])
def test_a_writer_killed_at_every_step_leaves_the_former_or_the_new_version(
    tmp_path, n_former, min_steps
):
    n_steps = answer(start("die_everywhere", tmp_path, n_former))
    assert n_steps >= min_steps  # folders, part, pointer: each step was a place to die
    states = [readable(f"{tmp_path}/{number}") for number in range(1, n_steps + 2)]
    former = [n_former, [str(n_former)], ROWS] if n_former else None
    new = [n_former + 1, [str(n_former + 1)], ROWS]
    n_undone = states.index(new)  # from the step on that creates the pointer the commit is made
    assert states == [former] * n_undone + [new] * (len(states) - n_undone)
    assert n_undone > 2
    for place in tmp_path.iterdir():
        found = readable(str(place))
        version = Manifests(str(place)).commit("scenes", rows_of("next"))
        assert version.version == (found[0] if found else 0) + 1
        assert readable(str(place)) == [version.version, ["next"], ROWS]


def race(tmp_path, *commands):
    """Answers of writers that begin at the same moment."""
    go = tmp_path / "go"
    writers = [start(*command, go) for command in commands]
    wait_until(lambda: len(list(tmp_path.glob("go-*"))) == len(commands))
    go.touch()
    return [answer(writer) for writer in writers]


def test_two_writers_that_append_keep_every_row(tmp_path):
    root = tmp_path / "store"
    race(tmp_path, ("append_rows", root, "left", 50), ("append_rows", root, "right", 50))
    found = Manifests(str(root)).read("scenes", "quarantine").column("item").to_pylist()
    assert found == [f"{name}-{n:03d}" for name in ("left", "right") for n in range(50)]
    assert Manifests(str(root)).latest_number("scenes") == 100


def test_of_two_writers_from_one_version_one_wins_and_the_other_is_told(tmp_path):
    root = tmp_path / "store"
    Manifests(str(root)).commit("scenes", rows_of("first"))
    answers = race(tmp_path, ("commit_once", root, "left", 1), ("commit_once", root, "right", 1))
    told_by = dict(zip(("left", "right"), answers, strict=True))
    (won,) = [name for name, (outcome, _) in told_by.items() if outcome == "won"]
    (told,) = [told for outcome, told in told_by.values() if outcome == "conflict"]
    assert "version 2 was committed at 20" in told
    assert f"by run {won}" in told
    assert readable(str(root)) == [2, [won], ROWS]


def on_a_small_disk(folder, *words):
    """Run a writer where ``folder`` is a disk of 1 MiB, which vanishes with the process."""
    script = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'
    inside = [sys.executable, "-m", "tests.storage.writers", *map(str, words)]
    command = ["unshare", "-rm", "sh", "-c", script, str(folder), *inside]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )


def can_mount(folder):
    if shutil.which("unshare") is None:
        return False
    script = 'mount -t tmpfs -o size=1m tmpfs "$0"'
    trial = ["unshare", "-rm", "sh", "-c", script, str(folder)]
    return subprocess.run(trial, capture_output=True, timeout=30, check=False).returncode == 0


def test_a_full_disk_is_named_and_the_former_version_stays(tmp_path):
    if not can_mount(tmp_path):
        pytest.skip("needs `unshare -rm` and the right to mount a tmpfs in it")
    finished = on_a_small_disk(tmp_path, "fill_disk", tmp_path)
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout)
    assert "no room for" in told["error"]
    assert "former versions are unharmed" in told["error"]
    assert str(tmp_path / "manifests") in told["error"]
    number, _, n_rows = told["latest"]
    assert (number, n_rows) == (told["n_commits"], 1000)
    assert told["n_commits"] > 1
    assert told["temporary"] == []
    assert "no room for 2097152 bytes" in told["blob_error"]
    assert told["blobs"] == 0
    assert told["freed"] > 0
    assert told["next"] == number + 1


@pytest.fixture
def damaged(tmp_path):
    """A store of two versions, the folder of its partition, and the part of the second one."""
    manifests = Manifests(str(tmp_path))
    manifests.commit("scenes", rows_of(1))
    version = manifests.commit("scenes", rows_of(2))
    folder = tmp_path / "manifests" / "scenes" / "all"
    return manifests, folder / version.tables["quarantine"].parts[0].path


CURE = r"materialize scenes/all again or read version 1$"


@pytest.mark.parametrize("n_cut", [1, 8, 500, 10**9])
def test_a_truncated_part_is_named_and_never_read_as_fewer_rows(damaged, n_cut):
    manifests, part = damaged
    os.truncate(part, max(part.stat().st_size - n_cut, 0))
    with pytest.raises(DamagedPartError, match=rf"{part.name}: need \d+ bytes, got \d+; {CURE}"):
        manifests.read("scenes", "quarantine")
    with pytest.raises(DamagedPartError, match=part.name):
        manifests.append("scenes", {"quarantine": [Quarantined(item="x", status="s", reason="r")]})
    assert manifests.read("scenes", "quarantine", version=1).num_rows == ROWS


def test_a_part_with_one_flipped_bit_anywhere_is_named(damaged):
    manifests, part = damaged
    content = part.read_bytes()
    for position in random.Random(0).sample(range(len(content)), 20):
        flipped = bytearray(content)
        flipped[position] ^= 1
        part.write_bytes(flipped)
        with pytest.raises(DamagedPartError, match=rf"{part.name}: need SHA-256 .*{CURE}"):
            manifests.read("scenes", "quarantine")


def test_a_missing_part_is_named_and_a_new_commit_cures(damaged):
    manifests, part = damaged
    part.unlink()
    with pytest.raises(DamagedPartError, match=rf"{part.name}: need .* missing; {CURE}"):
        manifests.read("scenes", "quarantine")
    manifests.commit("scenes", rows_of(3))
    assert manifests.read("scenes", "quarantine").num_rows == ROWS


def test_a_damaged_part_is_written_anew_by_the_same_commit(damaged):
    manifests, part = damaged
    part.write_bytes(b"")
    manifests.commit("scenes", rows_of(2))
    assert manifests.read("scenes", "quarantine", version=2).num_rows == ROWS


def test_without_the_newest_pointers_the_version_before_them_is_read(damaged):
    manifests, part = damaged
    manifests.commit("scenes", rows_of(3))
    for number in (2, 3):
        (part.parent.parent / "versions" / f"{number:08d}.json").unlink()
    assert readable(str(manifests.folder.parent)) == [1, ["1"], ROWS]
    assert manifests.commit("scenes", rows_of(2)).version == 2


@pytest.mark.slow
def test_a_process_that_only_reads_ends_well(tmp_path):
    """One in five aborted at its end while pyarrow read with threads (see `parts.read_part`)."""
    Manifests(str(tmp_path)).commit("scenes", rows_of(1, 20_000))
    read = f"from storage.store import open_store; open_store({str(tmp_path)!r}).manifests.read("
    read += "'scenes', 'quarantine')"
    codes = [
        subprocess.run([sys.executable, "-c", read], cwd=REPOSITORY, check=False).returncode
        for _ in range(60)
    ]
    assert codes == [0] * 60
