"""The benchmark of the pair transform runs and prints what it measured."""

import json

import pytest
import torch

from benchmarks import pair_transforms


@pytest.fixture(autouse=True)
def same_threads():
    """The benchmark sets the threads of its process; other tests run in this one."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
def test_both_orders_are_measured(tmp_path, monkeypatch, capsys):
    path = tmp_path / "numbers.json"
    given = ["pair_transforms", "--size", "1024", "1100", "--pairs", "2", "--json", str(path)]
    monkeypatch.setattr("sys.argv", given)
    assert pair_transforms.main() == 0
    numbers = json.loads(path.read_text())
    assert set(numbers) == {"deeplab", "mask2former"}
    for found in numbers.values():
        assert found["same_labels_frac"] > 0.95
        assert found["mean_difference"] < 5
        stages = found["mean_s"]["ours"]
        assert {"mixup", "geometry", "paste", "transform", "collate"} <= set(stages)
    assert "pairs/s a core" in capsys.readouterr().out
