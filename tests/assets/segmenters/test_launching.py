"""Several processes that train together, on the CPU: they end together, and can go on."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from assets.segmenters import launching
from assets.segmenters.curve import CURVE, read_steps
from assets.segmenters.item import TrainingItem, item_to_json
from assets.segmenters.work import Refused, Trained, train_item
from models.training.published import PUBLISHED
from storage.images import file_sha256
from tests.assets.segmenters.conftest import FRAMES, make_item, toy_config

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def two(made, work, **changes) -> TrainingItem:
    return make_item(made, work, n_processes=2, **changes)


def processes_of(item):
    """Numbers of the processes that name the item."""
    name = str(item.folder / launching.ITEM).encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if name in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_until(truth, seconds=60.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_two_processes_share_an_epoch_and_go_on_after_a_death(made, tmp_path):
    whole = two(made, tmp_path / "whole")
    trained = train_item(whole)
    assert isinstance(trained, Trained), trained
    steps = read_steps(whole.folder, "")
    (last,) = (row for row in trained.checkpoints if row.is_last)
    assert last.n_processes == 2
    assert last.step == 3 * (last.n_pairs // 2)

    cut = two(made, tmp_path / "cut")
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(failure_of(cut)))
    thread.start()
    curve = cut.folder / CURVE
    wait_until(lambda: curve.is_file() and len(curve.read_text().splitlines()) >= 2)
    for number in processes_of(cut):
        if is_child(number):
            os.kill(number, signal.SIGKILL)
            break
    thread.join(60)
    assert isinstance(outcomes[0], RuntimeError), outcomes
    assert not processes_of(cut)
    assert isinstance(train_item(cut), Trained)
    assert losses(read_steps(cut.folder, "")) == losses(steps)
    assert weights(cut) == weights(whole)


def failure_of(item):
    try:
        return train_item(item)
    except RuntimeError as error:
        return error


def is_child(number):
    return b"torch.distributed.run" not in Path(f"/proc/{number}/cmdline").read_bytes()


def losses(steps):
    return [(step.step, step.loss, step.average_precision) for step in steps]


def weights(item):
    return {path.name: file_sha256(path) for path in item.folder.glob("*.safetensors")}


def test_a_refusal_of_one_process_ends_all_with_its_reason(made, tmp_path):
    item = two(made, tmp_path / "work", config=toy_config(batch_size=len(FRAMES)))
    answer = train_item(item)
    assert isinstance(answer, Refused)
    assert answer.reason.startswith("need 10 pairs or more for one step (2 processes")
    assert not processes_of(item)


def test_processes_listen_on_the_loopback_interface_alone(made, tmp_path):
    item = two(made, tmp_path / "work")
    thread = threading.Thread(target=train_item, args=(item,))
    thread.start()
    wait_until((item.folder / CURVE).is_file)
    listening = {
        (one.laddr.ip, number)
        for number in processes_of(item)
        for one in psutil.Process(number).net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
    thread.join(60)
    assert {address for address, _ in listening} == {"127.0.0.1"}
    assert len(listening) == 2  # one to hear the other, in each process; none in the launcher


def test_a_cancel_ends_all(made, tmp_path, monkeypatch):
    item = two(made, tmp_path / "work")
    end = launching.subprocess.Popen.wait

    def interrupted(self, timeout=None):
        if timeout is None and self.poll() is None and not (item.folder / CURVE).is_file():
            wait_until(lambda: (item.folder / CURVE).is_file())
            raise KeyboardInterrupt
        return end(self, timeout)

    monkeypatch.setattr(launching.subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_item(item)
    assert not processes_of(item)


def test_a_death_of_the_parent_ends_all(made, tmp_path):
    item = two(made, tmp_path / "work")
    item.folder.mkdir()
    code = (
        "import sys; from pathlib import Path; from assets.segmenters.item import item_from_json; "
        "from assets.segmenters.launching import launch_training; "
        "launch_training(item_from_json(Path(sys.argv[1]).read_text()))"
    )
    spelled = tmp_path / "spelled.json"
    spelled.write_text(item_to_json(item))
    parent = subprocess.Popen([sys.executable, "-c", code, spelled], cwd=ROOT)
    wait_until((item.folder / CURVE).is_file)
    parent.kill()
    parent.wait()
    wait_until(lambda: not processes_of(item), seconds=20)


def test_a_network_with_parameters_that_no_loss_reaches_trains_too(made, tmp_path):
    published = PUBLISHED["mask2former_miniature"]
    config = replace(
        published,
        stages=tuple(replace(stage, n_epochs=1) for stage in published.stages),
        transform=toy_config().transform,
        batch_size=1,
    )
    trained = train_item(two(made, tmp_path / "work", config=config))
    assert isinstance(trained, Trained), trained
    assert "mask2former_total" in trained.steps[-1].term_names
