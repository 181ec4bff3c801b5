"""A table before it is HTML or Markdown: cells, which of them is best, and notes below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assets.reporting.numbers import Column, percent

_FEWEST = 2
"""Different numbers that a column needs before one of them is called the best."""

MEASURED, PUBLISHED = "measured", "published"
"""Whether the numbers of a row are from here or from print."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of numbers in percent and what must be known of them.

    Attributes:
        name: what has the numbers.
        detail: a second line of its name, such as the network; may be empty.
        estimator: how they were estimated, in words.
        kind: `MEASURED` or `PUBLISHED`.
        values: percent by name of the column; a missing one is a dash.
        notes: what must be known to compare them.
        is_comparable: whether the row can hold the best of a column.
    """

    name: str
    estimator: str
    kind: str
    values: Mapping[str, float]
    detail: str = ""
    notes: tuple[str, ...] = ()
    is_comparable: bool = True


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number as it is written; ``exact`` has all its digits."""

    text: str
    exact: str = ""
    is_best: bool = False


@dataclass(frozen=True, kw_only=True)
class ReportTable:
    """Lines under columns; columns that no line fills are left out.

    ``is_folded`` tells of tables that a page shows when asked, ``is_turned`` of such as are read
    better with a row for each column.
    """

    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    remark: str = ""
    is_folded: bool = False
    is_turned: bool = False
    notes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Number the notes of all lines in their order, each once."""
        found = dict.fromkeys(note for line in self.lines for note in line.notes)
        object.__setattr__(self, "notes", tuple(found))

    def cells(self, line: Line) -> list[Cell]:
        """The line's numbers in the order of the columns."""
        return [self._cell(line, column) for column in self.columns]

    def marks(self, line: Line) -> list[int]:
        """Numbers of the line's notes, from 1."""
        return sorted(self.notes.index(note) + 1 for note in line.notes)

    def _cell(self, line: Line, column: Column) -> Cell:
        value = line.values.get(column.name)
        if value is None:
            return Cell(text=percent(None))
        is_best = line.is_comparable and value == self._best(column)
        return Cell(text=percent(value), exact=f"{value:.6g} %", is_best=is_best)

    def _best(self, column: Column) -> float | None:
        values = [
            line.values[column.name]
            for line in self.lines
            if line.is_comparable and column.name in line.values
        ]
        if len(set(values)) < _FEWEST:
            return None
        return min(values) if column.is_low_good else max(values)


def table(
    title: str,
    columns: Sequence[Column],
    lines: Sequence[Line],
    *,
    remark: str = "",
    is_folded: bool = False,
    is_turned: bool = False,
) -> ReportTable | None:
    """The table, with only the columns that some line fills; None where nothing is left."""
    filled = tuple(c for c in columns if any(c.name in line.values for line in lines))
    if not filled:
        return None
    return ReportTable(
        title=title,
        columns=filled,
        lines=tuple(lines),
        remark=remark,
        is_folded=is_folded,
        is_turned=is_turned,
    )
