"""GPUs are found without torch, and each worker sees its own alone."""

import subprocess

import cuda_items
import pytest

from assets.engine import gpus
from assets.engine.gpus import devices_in, mask_of, n_gpus, visible_gpus
from assets.engine.resource import Engine


@pytest.fixture(autouse=True)
def no_answer_is_kept(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    gpus._listed.cache_clear()
    yield
    gpus._listed.cache_clear()


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        ("0,1", ("0", "1")),
        ("GPU-8f, 3", ("GPU-8f", "3")),
        ("", ()),
        ("-1", ()),
        ("2,-1,3", ("2",)),
        ("2,,3", ("2",)),
    ],
)
def test_the_environment_decides_as_cuda_reads_it(monkeypatch, mask, found):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", mask)
    assert visible_gpus() == found
    assert n_gpus() == len(found)


LISTING = """\
GPU 0: NVIDIA H200 (UUID: GPU-aaaa-1)
GPU 1: NVIDIA H200 (UUID: GPU-bbbb-2)
  MIG 1g.18gb     Device  0: (UUID: MIG-cccc-3)
  MIG 1g.18gb     Device  1: (UUID: MIG-dddd-4)
GPU 2: NVIDIA H200 (UUID: GPU-eeee-5)
"""


def test_the_listing_of_the_driver():
    assert devices_in(LISTING) == ("GPU-aaaa-1", "MIG-cccc-3", "MIG-dddd-4", "GPU-eeee-5")
    assert devices_in("No devices found.\n") == ()


@pytest.mark.parametrize("trouble", [FileNotFoundError(), subprocess.TimeoutExpired("x", 1), 9])
def test_a_machine_without_a_driver_has_none(monkeypatch, trouble):
    def run(command, **options):
        if isinstance(trouble, Exception):
            raise trouble
        return subprocess.CompletedProcess(command, trouble, LISTING, "")

    monkeypatch.setattr(gpus.subprocess, "run", run)
    assert visible_gpus() == ()


@pytest.mark.parametrize(
    ("n_workers", "devices", "masks"),
    [
        (2, ("a", "b"), ["a", "b"]),
        (2, ("a", "b", "c", "d", "e"), ["a,b", "c,d"]),
        (1, ("a", "b"), ["a,b"]),
        (3, ("a", "b"), ["a", "b", "a"]),
    ],
)
def test_shares(n_workers, devices, masks):
    shares = [mask_of(number, n_workers, devices) for number in range(n_workers)]
    assert [share["CUDA_VISIBLE_DEVICES"] for share in shares] == masks


def test_without_gpus_nothing_is_masked():
    assert mask_of(0, 2, ()) == {}


def test_one_worker_for_each_gpu_and_each_sees_one(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-x,GPU-y")
    engine = Engine(mode="processes", start_timeout_s=40)
    assert engine.gpus_for("auto") == {"GPU": 1.0}
    assert engine.gpus_for("cpu") == {}
    outcomes = engine.map(cuda_items.mask, range(6), key=str, resources=engine.gpus_for("auto"))
    assert {outcome.value for outcome in outcomes} == {"GPU-x", "GPU-y"}


def test_without_gpus_there_are_two_workers(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    plans = Engine(mode="processes")._plans({})
    assert [(dict(plan.offered), dict(plan.environment)) for plan in plans] == [
        ({"GPU": 0.0}, {}), ({"GPU": 0.0}, {}),
    ]  # fmt: skip
