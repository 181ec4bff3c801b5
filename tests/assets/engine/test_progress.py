"""Lines are few and tell what counts; the bar shows only where somebody looks."""

import io
import logging
import sys

import pytest

from assets.engine import progress
from assets.engine.outcome import ItemError, Outcome
from assets.engine.progress import Tally, bars_on, with_progress


def outcomes(n, *, failed=()):
    for i in range(n):
        error = ItemError("failed", "too dark") if i in failed else None
        yield Outcome(key=f"k{i}", item=i, value=None if error else i, error=error)


def test_line_states_done_rate_rest_and_failures():
    now = [100.0]
    tally = Tally(4, clock=lambda: now[0])
    assert tally.line() == "0/4 (0 %)"
    now[0] += 10
    for outcome in outcomes(2, failed={1}):
        tally.count(outcome)
    assert tally.line() == (
        "2/4 (50 %), 5 s/item, 0:00:10 left, 1 without a value, last k1: too dark"
    )
    for outcome in outcomes(2):
        tally.count(outcome)
    now[0] -= 9
    assert tally.line().startswith("4/4 (100 %), 4 items/s, took 0:00:01, 1 without")


def test_many_quick_items_give_two_lines():
    lines = []
    passed = list(with_progress(outcomes(1000), 1000, log=lines.append, label="cut"))
    assert [outcome.item for outcome in passed] == list(range(1000))
    assert len(lines) == 2
    assert lines[0] == "cut: 0/1000 (0 %)"
    assert lines[1].startswith("cut: 1000/1000 (100 %)")


def test_slow_items_give_a_line_each_interval(monkeypatch):
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.0)
    lines = []
    list(with_progress(outcomes(3), 3, log=lines.append, label=""))
    assert [line.split(",")[0] for line in lines] == [
        "0/3 (0 %)", "1/3 (33 %)", "2/3 (66 %)", "3/3 (100 %)",
    ]  # fmt: skip


def test_logger_and_nothing_are_logs_too(caplog):
    with caplog.at_level(logging.INFO):
        list(with_progress(outcomes(1), 1, log=logging.getLogger("run"), label="cut"))
    assert len(caplog.messages) == 2
    assert len(list(with_progress(outcomes(1), 1, log=None, label="cut"))) == 1


def test_no_items_is_one_line():
    lines = []
    assert list(with_progress(outcomes(0), 0, log=lines.append, label="")) == []
    assert lines == ["0/0 (100 %)"]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_bar_only_in_a_terminal(monkeypatch, is_terminal):
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal
    monkeypatch.setattr(sys, "stderr", stream)
    assert len(list(with_progress(outcomes(7), 7, log=None, label="cut crops"))) == 7
    assert ("cut crops" in stream.getvalue()) is is_terminal
    assert ("7/7" in stream.getvalue()) is is_terminal


def test_a_bar_goes_to_the_terminal_that_was_kept(monkeypatch):
    kept, log_of_the_step = io.StringIO(), io.StringIO()
    kept.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", log_of_the_step)
    with bars_on(kept):
        list(with_progress(outcomes(7), 7, log=None, label="cut crops"))
        list(with_progress(outcomes(0), 0, log=None, label="nothing to do"))
    list(with_progress(outcomes(3), 3, log=None, label="later"))
    assert "7/7" in kept.getvalue()
    assert "nothing to do" not in kept.getvalue()
    assert "later" not in kept.getvalue()
    assert log_of_the_step.getvalue() == ""


def test_closing_closes_the_source():
    closed = []

    def source():
        try:
            yield from outcomes(5)
        finally:
            closed.append(True)

    told = with_progress(source(), 5, log=None, label="")
    next(told)
    told.close()
    assert closed == [True]
