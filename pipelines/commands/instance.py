"""The Dagster instance that every command works on, whole before anybody reads it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipelines.settings import PROJECT_ROOT, STATE_ROOT


def choose_instance() -> None:
    """Work in the checkout, whose `dagster.yaml` says where the instance keeps its state.

    `DAGSTER_HOME`, where set, names another instance. Its databases are there on return: Dagster
    makes them at the first opening, and two openings at once can leave them broken for good.
    """
    os.chdir(PROJECT_ROOT)
    if not os.environ.get("DAGSTER_HOME"):
        os.environ["DAGSTER_HOME"] = str(PROJECT_ROOT)
    Path(os.environ["DAGSTER_HOME"]).mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():
        dg.DagsterInstance.get().dispose()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    STATE_ROOT.mkdir(parents=True, exist_ok=True)
    with (STATE_ROOT / "instance.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
