"""The benchmark of the training step runs on a CPU and writes what it measured."""

import importlib
import json
import math
import warnings
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """The script as it is run: its neighbors lie beside it."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("segmenter_training")


def measured(benchmark, monkeypatch, folder, architecture):
    path = folder / "numbers.json"
    given = f"--device cpu --architecture {architecture} --pairs 1 --size 40 64 --warm-up 0"
    options = [*given.split(), "--repeats", "1", "--json", str(path)]
    monkeypatch.setattr("sys.argv", ["segmenter_training", *options])
    assert benchmark.main() == 0
    return json.loads(path.read_text())


def test_deeplab_stands_beside_the_first_implementation(benchmark, monkeypatch, tmp_path, capsys):
    numbers = measured(benchmark, monkeypatch, tmp_path, "deeplab_miniature")
    assert list(numbers["ways"]) == [
        "plain float32",
        "plain TF32",
        "plain TF32, trunk out of the graph",
        "plain bfloat16",
        "ours",
    ]
    assert all(found["median_ms"] > 0 for found in numbers["ways"].values())
    assert set(numbers["loss_ms"]) == {"ours", "plain"}
    assert list(numbers["parts_ms"]) == [
        "batch to the device",
        "frozen trunk, forward",
        "trained part, forward",
        "loss, forward",
        "backward",
        "optimizer",
    ]
    assert numbers["host_waits"] is None
    assert "images/s" in capsys.readouterr().out


def test_mask2former_stands_beside_transformers(benchmark, monkeypatch, tmp_path):
    numbers = measured(benchmark, monkeypatch, tmp_path, "mask2former_miniature")
    assert set(numbers["ways"]) == {
        "transformers float32",
        "transformers TF32",
        "transformers bfloat16",
        "ours",
    }
    assert all(math.isfinite(found["first_loss"]) for found in numbers["ways"].values())
    assert sum(numbers["parts_ms"].values()) > sum(numbers["loss_ms"].values())


def test_a_way_that_fails_leaves_the_others(benchmark):
    def fails():
        raise RuntimeError("no memory\nmore")

    found = benchmark.first_losses({"plain": fails, "ours": lambda: torch.tensor(2.0)})
    assert found == {"plain": {"failed": "no memory"}, "ours": {"first_loss": 2.0}}
    with pytest.raises(RuntimeError, match="no memory"):
        benchmark.first_losses({"ours": fails})


@pytest.mark.parametrize(
    ("machine", "pairs", "spent", "slow"),
    [("NVIDIA H200", 8, 151, True), ("NVIDIA H200", 8, 149, False), ("NVIDIA A40", 8, 900, False),
     ("NVIDIA H200", 16, 300, False)],
)  # fmt: skip
def test_the_bar_is_that_of_the_issue(benchmark, machine, pairs, spent, slow):
    numbers = {
        "architecture": "deeplab_wrn38",
        "machine": machine,
        "pairs": pairs,
        "size": [700, 700],
        "ways": {"ours": {"median_ms": spent}},
    }
    assert benchmark.is_too_slow(numbers) is slow


@pytest.fixture
def modes(monkeypatch):
    """What the waits of the host are asked to do, in order; on a machine without a GPU."""
    asked = []
    monkeypatch.setattr("torch.cuda.set_sync_debug_mode", asked.append)
    return asked


def waits_of(monkeypatch, step):
    parts = importlib.import_module("training_step_parts")
    monkeypatch.setattr(parts, "our_objective", lambda *_: None)
    monkeypatch.setattr(parts, "our_step", lambda *_, has_looks: step)
    return parts.host_waits(None, None, "cuda")


def test_a_step_without_waits_is_run_with_waits_as_errors(benchmark, monkeypatch, modes):
    assert waits_of(monkeypatch, lambda: None) == []
    assert modes == ["warn", "error", "default"]


def test_waits_are_named_by_their_places(benchmark, monkeypatch, modes):
    def waits():
        if modes and modes[-1] == "warn":
            warnings.warn("called a synchronizing CUDA operation", stacklevel=1)

    (place,) = waits_of(monkeypatch, waits)
    assert place.startswith(__file__)
    assert modes == ["warn", "default", "default"]


def test_a_wait_that_is_no_warning_is_found_as_an_error(benchmark, monkeypatch, modes):
    def waits():
        if modes and modes[-1] == "error":
            raise RuntimeError("called a synchronizing CUDA operation")

    (place,) = waits_of(monkeypatch, waits)
    assert __file__ in place
    assert modes[-1] == "default"
