"""A training and its former life, which nobody waits for: one at a time, also on a full disk."""

import errno
import os
import subprocess
import sys

import dagster as dg
import pytest

from assets.segmenters import keeping, processes, turns
from assets.segmenters.committing import rows_of
from assets.segmenters.item import item_to_json
from assets.segmenters.launching import REASON
from assets.segmenters.names import ASSET
from assets.segmenters.work import Refused, Trained, train_item
from storage.atomic import StoreFullError
from storage.turns import TurnTakenError
from tests.assets.segmenters.conftest import NAME, make_item

pytestmark = pytest.mark.retries

TRAINS_LONG = """
import sys
from pathlib import Path
from assets.segmenters import work
from assets.segmenters.item import item_from_json
def long(item):
    print("in", flush=True)
    sys.stdin.read()
work._train = long
work.train_item(item_from_json(Path(sys.argv[1]).read_text()))
"""

HOLDS = """
import sys
from pathlib import Path
from storage.turns import turn
with turn(Path(sys.argv[1]), wait_s=0):
    print("in", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Neither turns nor retries are waited for."""
    monkeypatch.setattr(turns, "WAIT_S", 0.2)
    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", lambda *_: 0)


def other_process(code, argument):
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(argument)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "in\n"
    return process


def test_two_workers_are_never_at_one_training(home, tmp_path):
    item = make_item(home, tmp_path / "work")
    written = tmp_path / "item.json"
    written.write_text(item_to_json(item))
    with other_process(TRAINS_LONG, written) as orphan:
        with pytest.raises(TurnTakenError, match=rf"got process {orphan.pid} on .*or end it, then"):
            train_item(item)
        assert not item.folder.exists()
        orphan.kill()
    assert isinstance(train_item(item), Trained)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_step_waits_for_another_step_of_the_same_training(
    train, bank, store, monkeypatch, instance, tmp_path
):
    folders = []
    with monkeypatch.context() as patch:
        patch.setattr(keeping.Keeper, "see", lambda self, _: refuse(folders, self))
        assert not train().success
    place = folders[0].with_name(f".{folders[0].name}.{turns.IN_STEP}")
    with other_process(HOLDS, place) as orphan:
        refused = train()
        assert not refused.success
        said = " ".join(
            event.step_failure_data.error.to_string()
            for event in refused.all_events
            if event.is_step_failure
        )
        assert f"got process {orphan.pid} on" in said
        assert len([event for event in refused.all_events if event.is_step_up_for_retry]) == 2
        orphan.kill()
    assert train().success


def refuse(folders, keeper):
    folders.append(keeper._item.folder)
    raise ValueError("enough")


def full(*_):
    raise StoreFullError(errno.ENOSPC, "no room for 5 bytes", "state.safetensors")


def test_a_full_disk_is_tried_again(train, bank, store, monkeypatch):
    write, calls = keeping.write_state, []

    def once_full(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            full()
        write(*arguments)

    monkeypatch.setattr(keeping, "write_state", once_full)
    ran = train()
    assert ran.success
    assert len([event for event in ran.all_events if event.is_step_up_for_retry]) == 1
    version = store.manifests.latest(ASSET, NAME)
    assert rows_of(version, store).checkpoints


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_refusal(home, tmp_path, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(keeping, "write_state", fail)
    with pytest.raises(OSError, match=os.strerror(number)):
        train_item(make_item(home, tmp_path / "work"))


def test_a_launched_process_tells_a_refusal_and_no_full_disk(home, tmp_path, monkeypatch):
    item = make_item(home, tmp_path / "work")
    item.folder.mkdir()
    written = tmp_path / "item.json"
    written.write_text(item_to_json(item))
    monkeypatch.setattr(processes, "_end_with_parent", lambda: None)
    monkeypatch.setattr(processes, "_train", full)
    with pytest.raises(StoreFullError):
        processes.main(written, tmp_path)
    assert not (item.folder / REASON).exists()


def test_other_trouble_with_files_is_a_refusal(home, tmp_path, monkeypatch):
    def fail(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "state")

    monkeypatch.setattr(keeping, "write_state", fail)
    assert isinstance(train_item(make_item(home, tmp_path / "work")), Refused)
