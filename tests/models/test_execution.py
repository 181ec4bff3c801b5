"""Execution profiles: what they hold, and that each column decides the id."""

import hashlib
import json
from dataclasses import asdict

import pytest
import torch

from models import execution
from models.execution import computing_with, execution_profile

USUAL = {"batch_size": 4, "size": (128, 256), "n_threads": 2}


def usual(device="cpu", dtype=torch.float32, **changes):
    return execution_profile(device, dtype, **{**USUAL, **changes})


def test_it_holds_what_decides_the_bytes():
    profile = usual()
    assert (profile.device, profile.dtype) == ("cpu", "float32")
    assert profile.device_name == torch.backends.cpu.get_cpu_capability()
    assert (profile.batch_size, profile.height_px, profile.width_px) == (4, 128, 256)
    assert profile.n_threads == 2
    names = [text.partition("==")[0] for text in profile.versions.split(" ")]
    assert names == [
        "torch",
        "diffusers",
        "transformers",
        "numpy",
        "opencv-python-headless",
        "pillow",
    ]
    assert f"torch=={torch.__version__.partition('+')[0]}" in profile.versions


def test_the_id_is_a_digest_of_the_other_columns():
    profile = usual()
    columns = {name: value for name, value in asdict(profile).items() if name != "profile_id"}
    text = json.dumps(columns, sort_keys=True)
    assert profile.profile_id == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert usual() == profile
    assert usual(torch.device("cpu")) == profile


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": torch.bfloat16},
        {"dtype": torch.float16},
        {"batch_size": 1},
        {"size": (256, 128)},
        {"size": (128, 128)},
        {"n_threads": 1},
    ],
)
def test_every_argument_changes_the_id(changes):
    assert usual(**changes).profile_id != usual().profile_id


@pytest.mark.parametrize("library", execution.LIBRARIES)
def test_every_version_changes_the_id(monkeypatch, library):
    before = usual().profile_id
    known = execution.version
    monkeypatch.setattr(execution, "version", lambda name: "0" if name == library else known(name))
    assert usual().profile_id != before


def test_the_instruction_set_changes_the_id(monkeypatch):
    before = usual().profile_id
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "another")
    assert usual().profile_id != before


def test_a_gpu_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Chip {device.index}")
    profile = usual("cuda:1", torch.bfloat16)
    assert (profile.device, profile.device_name, profile.dtype) == ("cuda", "Chip 1", "bfloat16")
    assert profile.profile_id != usual(dtype=torch.bfloat16).profile_id


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch_size": 0}, "need batch_size of 1 or more, got 0"),
        ({"size": (0, 5)}, "need height of 1 or more, got 0"),
        ({"size": (5, -1)}, "need width of 1 or more, got -1"),
        ({"n_threads": 0}, "need n_threads of 1 or more, got 0"),
        ({"dtype": torch.float64}, "need a dtype of float32, bfloat16, float16, got torch.float64"),
        ({"device": "meta"}, "need a device cpu or cuda, got meta"),
    ],
)
def test_what_no_pass_can_have_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        usual(**changes)


def test_threads_are_set_and_given_back():
    before = torch.get_num_threads()
    with computing_with(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with pytest.raises(RuntimeError, match="inside"), computing_with(before + 1):
        raise RuntimeError("inside")
    assert torch.get_num_threads() == before


def test_no_threads_are_refused():
    with pytest.raises(ValueError, match="need n_threads of 1 or more"), computing_with(0):
        pass
