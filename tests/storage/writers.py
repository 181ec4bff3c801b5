"""Writers that tests start as processes of their own, to kill them, race them, or fill their disk.

``python -m tests.storage.writers <what> <root> [more]`` with the repository root as working folder.
"""

import itertools
import json
import os
import secrets
import signal
import stat
import sys
import time
from pathlib import Path

from storage.atomic import StoreFullError
from storage.manifests.manifest import CommitConflictError, Manifests
from storage.manifests.vacuum import vacuum
from storage.records import Quarantined
from storage.store import open_store

ROWS = 200


def rows_of(generation, n_rows=ROWS):
    """Rows that all tell the same generation, so that a mixture of two is noticed."""
    return {
        "quarantine": [
            Quarantined(item=f"{number:05d}", status="bad_input", reason=str(generation))
            for number in range(n_rows)
        ]
    }


def commit_for_ever(root, log):
    """Commit generation after generation and log each one that was acknowledged.

    ``started`` follows the first, which takes longer: Arrow wakes up.
    """
    manifests = Manifests(root)
    with Path(log).open("a") as stream:
        for n_before in itertools.count():
            if n_before == 1:
                print("started", file=stream, flush=True)
            number = manifests.latest_number("scenes")
            version = manifests.commit("scenes", rows_of(number + 1))
            print(version.version, file=stream, flush=True)


def breed_writers(root, log):
    """Start a writer, a process of its own, for each line of the input, and tell its id.

    Forks of one process that has imported everything start in milliseconds.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            commit_for_ever(root, log)
        print(child, flush=True)


def die_everywhere(root, n_former):
    """Let a child die at every step of a commit in turn; tell how many steps there are.

    The ``n``-th child has a store of its own, ``<root>/<n>``, with ``n_former`` versions in it.
    Arrow, which has threads, is used in the children alone.
    """
    for n_steps in range(1, 1000):
        place = f"{root}/{n_steps}"
        child = os.fork()
        if child == 0:
            die_at(place, int(n_former), n_steps)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return n_steps - 1
    raise AssertionError("the writer never finished")


def die_at(root, n_former, n_steps):
    """Commit, and get killed at the ``n_steps``-th step that touches the disk."""
    manifests = Manifests(root)
    for generation in range(1, n_former + 1):
        manifests.commit("scenes", rows_of(generation))
    steps = iter(range(1, 1000))
    os.fsync = dying(os.fsync, steps, n_steps)
    for name in ("mkdir", "replace", "hardlink_to", "unlink"):
        setattr(Path, name, dying(getattr(Path, name), steps, n_steps))
    manifests.commit("scenes", rows_of(n_former + 1))


def dying(function, steps, n_steps):
    """The function, but the process is killed before the ``n_steps``-th call.

    A file that waits to be synchronized is cut to half of its bytes first.
    """
    is_sync = function is os.fsync

    def step(*args, **options):
        if next(steps) == n_steps:
            if is_sync and stat.S_ISREG(os.fstat(args[0]).st_mode):
                os.ftruncate(args[0], os.fstat(args[0]).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)

    return step


def readable(root):
    """Number of the latest version, with the generation and number of its rows."""
    manifests = Manifests(root)
    version = manifests.latest("scenes")
    if version is None:
        return None
    reasons = manifests.read("scenes", "quarantine").column("reason").to_pylist()
    return [version.version, sorted(set(reasons)), len(reasons)]


def append_rows(root, name, n_rows, start):
    """Append rows one by one, from the moment on at which the file ``start`` appears."""
    manifests = Manifests(root)
    wait_for(start)
    for number in range(int(n_rows)):
        row = Quarantined(item=f"{name}-{number:03d}", status="bad_input", reason="r")
        manifests.append("scenes", {"quarantine": [row]}, run_id=name)
    return "done"


def commit_once(root, name, base, start):
    """Commit from a given version; tells whether it won."""
    manifests = Manifests(root)
    wait_for(start)
    try:
        version = manifests.commit("scenes", rows_of(name), base=int(base), run_id=name)
    except CommitConflictError as error:
        return ["conflict", str(error)]
    return ["won", version.version]


def wait_for(start):
    """Busy wait, so that both writers begin within microseconds."""
    Path(f"{start}-{os.getpid()}").touch()
    while not Path(start).exists():
        time.sleep(0)


def fill_disk(root):
    """Commit until the disk is full; tell the error, what is readable, and whether it goes on."""
    store = open_store(root)
    error, n_commits = fill(store)
    full = {
        "error": error,
        "n_commits": n_commits,
        "latest": readable(root),
        "temporary": [str(path) for path in Path(root).rglob(".tmp-*")],
    }
    try:
        store.blobs.put(secrets.token_bytes(2**21))
    except StoreFullError as blob_error:
        full["blob_error"] = str(blob_error)
    full["blobs"] = len(list(store.blobs))
    report = vacuum(store.manifests, store.blobs, keep_versions=1, min_age_s=0.0)
    next_version = store.manifests.commit("scenes", rows_of("after", 10))
    return {**full, "freed": report.freed_bytes, "next": next_version.version}


def fill(store):
    """Error of the commit that no longer fits, and the number of those before it."""
    for number in range(1, 1000):
        rows = [
            Quarantined(item=f"{n:05d}", status=str(number), reason=secrets.token_hex(64))
            for n in range(1000)
        ]
        try:
            store.manifests.commit("scenes", {"quarantine": rows})
        except StoreFullError as error:
            return str(error), number - 1
    raise AssertionError("the disk never filled up")


WRITERS = (breed_writers, die_everywhere, append_rows, commit_once, fill_disk)

if __name__ == "__main__":
    writer = {function.__name__: function for function in WRITERS}[sys.argv[1]]
    print(json.dumps(writer(*sys.argv[2:])))
