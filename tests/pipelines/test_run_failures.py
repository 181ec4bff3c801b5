"""A failed run ends in one line a cause, without a stack trace."""

import dagster as dg
import pytest

from assets.answers import answer, check_specs
from assets.failures import bad_input_fails_once
from pipelines.commands import runs
from pipelines.commands.run_failures import failure_lines


def is_whole():
    """Nothing is missing."""


def fail_by_hand(error):
    with bad_input_fails_once():
        raise error


def lines_of(asset):
    run = dg.materialize([asset], raise_on_error=False)
    assert not run.success
    return list(failure_lines(run.all_events))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("a.png: need a label,\ngot none"), "thing: a.png: need a label, got none"),
        (KeyError("x"), "thing: KeyError: 'x'"),
    ],
)
def test_a_step_is_told_by_what_it_raised(error, told):
    @dg.asset
    def thing():
        fail_by_hand(error)

    assert lines_of(thing) == [told]


def test_a_check_is_told_by_its_problems_and_once():
    @dg.asset(check_specs=check_specs("thing", {"is_whole": is_whole}))
    def thing():
        yield dg.MaterializeResult(
            check_results=[answer("thing", "is_whole", ["a is missing", "b too"], {})]
        )

    assert lines_of(thing) == ["thing: check is_whole: a is missing; b too"]


def test_nothing_is_told_of_a_run_that_succeeds():
    @dg.asset(check_specs=check_specs("thing", {"is_whole": is_whole}))
    def thing():
        yield dg.MaterializeResult(check_results=[answer("thing", "is_whole", [], {})])

    assert list(failure_lines(dg.materialize([thing]).all_events)) == []


def test_an_interrupt_is_none_of_the_failures(monkeypatch, tmp_path):
    @dg.asset
    def thing():
        raise KeyboardInterrupt

    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    job = dg.define_asset_job("job", selection="*")
    monkeypatch.setattr(runs, "defs", dg.Definitions(assets=[thing], jobs=[job]))
    with pytest.raises(KeyboardInterrupt):
        runs.run_job("job")
