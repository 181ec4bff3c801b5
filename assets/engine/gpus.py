"""GPUs that this process may use, found without torch: a step that only fans out imports none."""

import os
import re
import subprocess
from collections.abc import Mapping
from functools import cache

MASK = "CUDA_VISIBLE_DEVICES"

_LIST_TIMEOUT_S = 20.0
_DEVICE = re.compile(r"^(?P<indent>\s*)\S.*\(UUID: (?P<uuid>[\w-]+)\)\s*$")


def visible_gpus() -> tuple[str, ...]:
    """What names each GPU in the variable ``CUDA_VISIBLE_DEVICES``, in CUDA's order.

    That variable decides where it is set, else what ``nvidia-smi`` lists; without either, none.
    """
    mask = os.environ.get(MASK)
    return _listed() if mask is None else _unmasked(mask)


def n_gpus() -> int:
    """GPUs that this process may use."""
    return len(visible_gpus())


def mask_of(number: int, n_workers: int, gpus: tuple[str, ...]) -> Mapping[str, str]:
    """Variable that shows a worker its share of GPUs alone; empty where there are none.

    Workers share evenly; where they are more than the GPUs, some use the same one.
    """
    if not gpus:
        return {}
    share = len(gpus) // n_workers
    mine = gpus[number * share :][:share] or (gpus[number % len(gpus)],)
    return {MASK: ",".join(mine)}


def _unmasked(mask: str) -> tuple[str, ...]:
    """As CUDA reads it: devices up to the first that is no name or a negative number."""
    names: list[str] = []
    for name in map(str.strip, mask.split(",")):
        if not name or name.startswith("-"):
            break
        names.append(name)
    return tuple(names)


@cache
def _listed() -> tuple[str, ...]:
    try:
        said = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=_LIST_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return devices_in(said.stdout) if said.returncode == 0 else ()


def devices_in(listing: str) -> tuple[str, ...]:
    """UUIDs that ``nvidia-smi -L`` lists; parts of a divided GPU (MIG) stand for the whole."""
    found: list[tuple[bool, str]] = []
    for line in listing.splitlines():
        device = _DEVICE.match(line)
        if device is None:
            continue
        is_part = bool(device["indent"])
        if is_part and found and not found[-1][0]:
            found.pop()
        found.append((is_part, device["uuid"]))
    return tuple(uuid for _, uuid in found)
