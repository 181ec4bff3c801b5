"""Bad input ends a step at once; what may pass by itself is tried again, within limits."""

import errno

import dagster as dg
import pytest

from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from pipelines.commands.run_failures import failure_lines
from pipelines.definitions import defs

pytestmark = pytest.mark.retries


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """The waits are the policy's own and counted here, but not waited for."""
    waits = []

    def calculate(policy, attempt):
        waits.append(real(policy, attempt))
        return 0

    real = dg.RetryPolicy.calculate_delay
    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", calculate)
    return waits


@pytest.fixture
def attempt():
    """Attempts that a step takes which raises these errors in turn, and how its run ended."""

    def attempt(*errors):
        left = list(errors)

        @dg.asset(retry_policy=RESUMES)
        def thing() -> dg.MaterializeResult:
            with bad_input_fails_once():
                if left:
                    raise left.pop(0)
            return dg.MaterializeResult()

        ran = dg.materialize([thing], raise_on_error=False)
        return len(errors) - len(left) + ran.success, ran

    return attempt


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        ConnectionResetError("peer"),
        TimeoutError("no answer"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
    ],
)
def test_trouble_of_the_machine_is_tried_again(attempt, error, at_once):
    n_attempts, ran = attempt(error)
    assert ran.success
    assert n_attempts == 2
    assert at_once == [10]


def test_trouble_that_stays_ends_the_run_and_is_named(attempt, at_once):
    full = OSError(errno.ENOSPC, "No space left on device")
    n_attempts, ran = attempt(full, full, full, full)
    assert not ran.success
    assert n_attempts == 3
    assert at_once[:2] == [10, 30]
    (line,) = failure_lines(ran.all_events)
    assert line == "thing: OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    "error", [ValueError("a.png: need a label"), FileNotFoundError("a.png: is not there")]
)
def test_bad_input_is_not_tried_again(attempt, error):
    n_attempts, ran = attempt(error)
    assert not ran.success
    assert n_attempts == 1
    assert list(failure_lines(ran.all_events)) == [f"thing: {error}"]


def test_every_stage_goes_on_after_a_crash_and_networks_take_turns():
    made = [item for item in defs.assets if isinstance(item, dg.AssetsDefinition)]
    stages = {item.op.name: item.op for item in made if item.is_materializable}
    assert {name for name, op in stages.items() if op.retry_policy != RESUMES} == set()
    assert {name for name, op in stages.items() if op.pool == "gpu"} == {
        *("detector_calibration", "synthetic_scenes", "closed_set_checkpoint"),
        *("segmenter_checkpoint", "benchmark_scores", "experiment_trials", "experiment_results"),
    }
