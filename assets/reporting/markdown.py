"""The report as Markdown: the same numbers and facts, without pictures."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from assets.reporting.benchmark_tables import benchmark_tables
from assets.reporting.choosing import comparable
from assets.reporting.facts import (
    benchmark_facts,
    estimators,
    overlap_words,
    skipped_words,
    subject_facts,
    world_of,
    world_words,
)
from assets.reporting.figures import score_names
from assets.reporting.making import Making, making
from assets.reporting.numbers import in_percent, percent
from assets.reporting.rows import MeasuredRows, Scored, subjects
from assets.reporting.tables import PUBLISHED, Cell, Line, ReportTable
from assets.reporting.words import benchmark_title
from storage.published_results import PublishedResult

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def report_markdown(
    measured: Sequence[MeasuredRows],
    published: Sequence[PublishedResult] | None = None,
    *,
    date: str | None = None,
    note: str = "",
) -> str:
    """Markdown of what `report_page` shows; arguments and errors are the same."""
    if not measured:
        raise ValueError("need the rows of one or more benchmarks to report, got none")
    world = world_of(measured)
    printed = comparable(published, world)
    tables = [benchmark_tables(rows, printed) for rows in measured]
    notes = [f"**Note:** {plain(words)}" for words in (note, world_words(world)) if words]
    blocks = ["# Benchmark report", *notes, *_head(measured, date)]
    for rows, found in zip(measured, tables, strict=True):
        blocks += _section(rows, found)
    told = making(measured, [table for found in tables for table in found], printed)
    return "\n\n".join([*blocks, *_making(told)]) + "\n"


def plain(text: str) -> str:
    """The text with nothing left that Markdown or HTML could read as markup, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return "".join(_HTML.get(letter, letter) for letter in escaped)


def _head(measured: Sequence[MeasuredRows], date: str | None) -> Iterator[str]:
    common = {"Estimators": "; ".join(estimators(measured)) or "none"}
    if date is not None:
        common["Date of the data"] = date
    for row in subjects(measured):
        yield _facts(subject_facts(row) | common)


def _section(rows: MeasuredRows, tables: Sequence[ReportTable]) -> list[str]:
    told = " ".join((*benchmark_facts(rows), skipped_words(rows)))
    overlaps = [f"**Note:** {plain(words)}" for _, words in overlap_words(rows)]
    blocks = [f"## {plain(benchmark_title(rows.benchmark))}", plain(told), *overlaps]
    for table in tables:
        blocks += _table(table)
    return [*blocks, *_shown(rows)]


def _table(table: ReportTable) -> Iterator[str]:
    yield f"### {plain(table.title)}"
    if table.remark:
        yield plain(table.remark)
    yield "\n".join(_turned(table) if table.is_turned else _upright(table))
    if table.notes:
        yield "\n".join(f"{number}. {plain(n)}" for number, n in enumerate(table.notes, start=1))


def _upright(table: ReportTable) -> Iterator[str]:
    columns = [f"{plain(column.title)} {column.arrow}" for column in table.columns]
    yield _row(("", "estimator", *columns))
    yield _row(("---", "---", *("---:" for _ in columns)))
    for line in table.lines:
        yield _row((_name(table, line), plain(line.estimator), *map(_cell, table.cells(line))))


def _turned(table: ReportTable) -> Iterator[str]:
    heads = [f"{_name(table, line)}, {plain(line.estimator)}" for line in table.lines]
    yield _row(("", *heads))
    yield _row(("---", *("---:" for _ in heads)))
    cells = [table.cells(line) for line in table.lines]
    for place, column in enumerate(table.columns):
        yield _row((plain(column.title), *(_cell(found[place]) for found in cells)))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _name(table: ReportTable, line: Line) -> str:
    marks = ", ".join(map(str, table.marks(line)))
    details = ["published" if line.kind == PUBLISHED else "", line.detail]
    told = ", ".join(filter(None, (*map(plain, details), f"note {marks}" if marks else "")))
    name = plain(line.name) if line.kind == PUBLISHED else f"**{plain(line.name)}**"
    return f"{name} ({told})" if told else name


def _cell(cell: Cell) -> str:
    return f"**{cell.text}**" if cell.is_best else cell.text


def _shown(rows: MeasuredRows) -> list[str]:
    """The best and worst images by name, of the score with the best AP."""
    for scored, name in score_names(rows).items():
        found = [row for row in rows.shown if Scored.of(row) == scored]
        if found:
            ordered = sorted(found, key=lambda row: (row.rank, row.place))
            lines = [
                f"- {row.rank}: {plain(row.frame_id)}, AP {percent(in_percent(row.ap))} %"
                for row in ordered
            ]
            return [f"### Best and worst images by {plain(name)}", "\n".join(lines)]
    return []


def _making(told: Making) -> list[str]:
    groups = {
        "Estimators": told.estimators,
        "Quantities": told.metrics,
        "Labels (SHA-256)": told.labels,
        "Published numbers": told.sources,
    }
    blocks = ["## How these numbers were made", *map(plain, told.rules)]
    for name, facts in groups.items():
        if facts:
            blocks += [f"### {name}", _facts(facts)]
    return blocks


def _facts(facts: Mapping[str, str]) -> str:
    return "\n".join(f"- {plain(name)}: {plain(value)}" for name, value in facts.items())
