"""Items of the engine's tests. Workers import this file by its own name (see conftest.py)."""

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from assets.engine.orphans import ends_with_its_asker
from storage.datasets.dataset import BadFileError


def square(number):
    return number * number


def describe(item):
    """Whatever kind of trouble the item names, else its value."""
    match item:
        case "bad file":
            raise BadFileError("a/b.png", "found 3 bytes, expected a PNG", "fetch it\nagain")
        case "raises":
            raise RuntimeError("two\n  lines")
        case "memory":
            raise MemoryError("of the device")
        case "exits":
            sys.exit(3)
        case "none":
            return None
        case ("looks", "like", "a", "task"):
            return len(item)
    return item


def die_if_poison(item):
    if item == "poison":
        os._exit(1)
    return f"{item} is fine"


def die_if_numbered_poison(item):
    return die_if_poison(item[1])


def die_once(item, marker):
    """Kill the worker that runs item 'once', unless that has already happened."""
    try:
        if item == "once":
            Path(marker).touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
    except FileExistsError:
        return "second run"
    return item


def hang_if_told(item):
    if item == "hang":
        time.sleep(600)
    return item


def slow(item):
    time.sleep(0.2)
    return os.getpid(), item


def take_seven_seconds(item):
    time.sleep(7)
    return item


def unpicklable_value(item):
    return lambda: item


class Stubborn(SimpleNamespace):
    """Can be pickled, cannot be unpickled."""

    def __reduce__(self):
        return refuse, ()


def refuse():
    raise RuntimeError("not on this machine")


def worker_name(_):
    from distributed import get_worker

    time.sleep(0.05)
    return get_worker().name


def offer(_):
    from distributed import get_worker

    return dict(get_worker().state.total_resources)


def work_for_hours(item):
    """Tell the worker's process in a file named by the item, then work while anybody waits."""
    with ends_with_its_asker():
        Path(item).write_text(str(os.getpid()))
        time.sleep(600)
