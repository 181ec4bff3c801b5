"""The jobs `demo` and `experiment` run their commands, and fail when these fail."""

import sys

import dagster as dg
import pytest

from pipelines.command_jobs import demo, experiment
from pipelines.lost_runs import JOBS


@pytest.fixture
def command(tmp_path, monkeypatch):
    """A command in place of the demo, which writes down its words and ends with a code."""

    def command(code):
        script = tmp_path / "python"
        script.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\nexit {code}\n')
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))
        return tmp_path / "words"

    return command


def run(frames):
    config = {"ops": {"run_the_demo": {"config": {"frames": frames}}}}
    return demo.execute_in_process(run_config=config, raise_on_error=False)


def test_the_command_gets_the_size(command):
    words = command(0)
    assert run(7).success
    assert words.read_text().split() == ["-m", "pipelines.cli", "demo", "--frames", "7"]


def test_a_demo_that_fails_fails_the_run(command):
    command(3)
    ran = run(7)
    assert not ran.success
    (event,) = [
        item for item in ran.all_events if item.event_type == dg.DagsterEventType.STEP_FAILURE
    ]
    assert "exit code 3" in str(event.step_failure_data.error)


def test_an_experiment_is_asked_for_in_the_words_of_its_command(command):
    words = command(0)
    chosen = {"plan": "p.yaml", "arms": ["full", "paste"], "seeds": [3], "is_report": True}
    config = {"ops": {"run_the_experiment": {"config": chosen}}}
    assert experiment.execute_in_process(run_config=config).success
    assert words.read_text().split() == [
        *("-m", "pipelines.cli", "experiment", "--arm=full", "--arm=paste", "--seed=3"),
        *("--report", "--", "p.yaml"),
    ]


@pytest.mark.parametrize("job", [demo, experiment], ids=["demo", "experiment"])
def test_a_command_whose_run_was_killed_is_not_begun_beside_itself(job):
    assert job.tags["dagster/max_retries"] == "0"
    assert job.name not in {other.name for other in JOBS}
