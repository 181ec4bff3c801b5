"""Items that fail as torch does on a GPU; the errors are look-alikes. Workers import this file."""

import os
import time
from pathlib import Path

from assets.engine.warm import warm_models


class OutOfMemoryError(RuntimeError):
    """Has the name that torch's has."""


class AcceleratorError(RuntimeError):
    """Has the name that torch's has."""


ASSERT = (
    "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously "
    "reported at some other API call, so the stacktrace below might be incorrect."
)


def compute(item, marker):
    """What the item says; a process that lost its device fails at everything after that."""
    if os.environ.get("FAKE_DEVICE") == "lost":
        raise AcceleratorError(ASSERT)
    if item == "assert" or (item == "assert once" and _is_first(marker)):
        os.environ["FAKE_DEVICE"] = "lost"
        raise AcceleratorError(ASSERT)
    if item == "full" or (item == "full once" and _is_first(marker)):
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total")
    return item


def _is_first(marker):
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def mask(_):
    time.sleep(0.3)
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def loads(item):
    """Process, and how often it has loaded the models of this key."""
    return os.getpid(), warm_models().get(item, lambda: Load(_count(item)))


class Load(int):
    """A number that is no cached small integer."""


_counts = {}


def _count(item):
    _counts[item] = _counts.get(item, 0) + 1
    return _counts[item]


def load_or_die(item):
    if item == "die":
        os._exit(1)
    return loads("models")
