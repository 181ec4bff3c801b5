"""How far a fan-out has come: a bar in a terminal, a sparse line in the log of a Dagster run.

A Dagster log line is a row of the event database, so lines keep `LOG_EVERY_S` apart.
"""

import logging
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TextIO, TypeAlias, TypeVar

from assets.engine.outcome import Outcome

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")

Log: TypeAlias = logging.Logger | Callable[[str], object]
"""A logger, such as ``context.log``, or anything that takes a line."""

LOG_EVERY_S = 20.0
"""Shortest time between two lines, but for the first and the last."""

_terminal: ContextVar[TextIO | None] = ContextVar("terminal", default=None)


@dataclass
class Tally:
    """Counts of one fan-out; ``clock`` gives seconds."""

    total: int
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    failed: int = 0
    last_failure: str = ""
    began_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.began_at = self.clock()

    def count(self, outcome: Outcome[ItemT, ValueT]) -> None:
        """Add one outcome."""
        self.done += 1
        if outcome.error is not None:
            self.failed += 1
            self.last_failure = f"{outcome.key}: {outcome.error.reason}"

    def line(self) -> str:
        """Done of total, rate, estimated time left and failures, as far as there are any."""
        percent = 100 * self.done // self.total if self.total else 100
        parts = [f"{self.done}/{self.total} ({percent} %)", *self._pace()]
        if self.failed:
            parts.append(f"{self.failed} without a value, last {self.last_failure}")
        return ", ".join(parts)

    def _pace(self) -> list[str]:
        elapsed_s = self.clock() - self.began_at
        if not self.done or elapsed_s <= 0:
            return []
        rate = self.done / elapsed_s
        pace = f"{rate:.3g} items/s" if rate >= 1 else f"{1 / rate:.3g} s/item"
        if self.done == self.total:
            return [pace, f"took {timedelta(seconds=round(elapsed_s))}"]
        return [pace, f"{timedelta(seconds=round((self.total - self.done) / rate))} left"]


@contextmanager
def bars_on(terminal: TextIO) -> Iterator[None]:
    """Bars go to this stream, for Dagster sends the standard error of a step into its log."""
    token = _terminal.set(terminal)
    try:
        yield
    finally:
        _terminal.reset(token)


def with_progress(
    outcomes: Generator[Outcome[ItemT, ValueT], None, None],
    total: int,
    *,
    log: Log | None,
    label: str,
) -> Generator[Outcome[ItemT, ValueT], None, None]:
    """Pass outcomes on and tell the log, and the terminal where there is one, how far they are.

    Closing this generator closes ``outcomes``, and with them their workers.
    """
    tally, say = Tally(total), _sayer(log, label)
    say(tally.line())
    said_at = tally.began_at
    with closing(outcomes), _bar(total, label) as advance:
        for outcome in outcomes:
            tally.count(outcome)
            advance()
            if tally.done < total and tally.clock() - said_at >= LOG_EVERY_S:
                said_at = tally.clock()
                say(tally.line())
            yield outcome
    if total:
        say(tally.line())


def _sayer(log: Log | None, label: str) -> Callable[[str], object]:
    if log is None:
        return lambda _: None
    say = log.info if isinstance(log, logging.Logger) else log
    return lambda line: say(f"{label}: {line}" if label else line)


@contextmanager
def _bar(total: int, label: str) -> Iterator[Callable[[], object]]:
    stream = _terminal.get() or sys.stderr
    if not total or not stream.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream)) as progress:
        task = progress.add_task(label or "items", total=total)
        yield lambda: progress.advance(task)
