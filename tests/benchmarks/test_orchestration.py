"""What Dagster costs, from spans of runs and steps."""

import json
from types import SimpleNamespace

import dagster as dg
import pytest

from benchmarks.orchestration import RunCost, cost_of, covered, main, share_of_all, within


def test_overlapping_spans_count_once():
    assert covered([]) == 0
    assert covered([(0, 2), (1, 3), (5, 6), (5.2, 5.4)]) == 4


def test_the_share_counts_pauses_and_no_step_twice():
    one = RunCost("generate", 0, 10, ((2, 9),))
    beside = RunCost("generate", 1, 10, ((2, 10),))
    later = RunCost("generate", 15, 20, ((16, 20),))
    assert one.step_overhead_s == 3
    assert share_of_all([one]) == pytest.approx(0.3)
    assert share_of_all([one, beside]) == pytest.approx(0.2)
    assert share_of_all([one, beside, later]) == pytest.approx(0.4)


def test_an_orphaned_step_counts_as_far_as_its_run_went():
    assert within((0, 10), [(1, 4), (8, 30), (12, 13)]) == [(1, 4), (8, 10)]


def recorded(start, end, *spans):
    """An instance that knows one run."""
    steps = [SimpleNamespace(start_time=first, end_time=last) for first, last in spans]
    return SimpleNamespace(
        get_run_stats=lambda _: SimpleNamespace(start_time=start, end_time=end),
        get_run_step_stats=lambda _: steps,
    )


def test_the_cost_of_a_run_needs_all_ends():
    run = SimpleNamespace(run_id="1", job_name="train")
    assert cost_of(recorded(0, 10, (1, 5), (6, 40)), run) == RunCost(
        "train", 0, 10, ((1, 5), (6, 10))
    )
    assert cost_of(recorded(0, None, (1, 5)), run) is None
    assert cost_of(recorded(0, 10), run) is None
    assert cost_of(recorded(0, 10, (1, 5), (6, None)), run) is None


@dg.op
def nothing():
    """Take no time."""


@dg.job
def quick():
    nothing()


def test_an_instance_is_measured(tmp_path, monkeypatch, capsys):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert quick.execute_in_process(instance=instance).success
    monkeypatch.chdir(tmp_path)
    assert main([str(tmp_path), "--json", str(tmp_path / "numbers.json")]) in (0, 1)
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert 0 <= numbers["share"] <= 1
    assert [run["job"] for run in numbers["runs"]] == ["quick"]
    assert "quick" in capsys.readouterr().out


def test_what_is_no_instance_is_told(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "need a folder with a dagster.yaml" in capsys.readouterr().err
