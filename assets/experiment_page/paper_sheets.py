"""The paper's tables with our numbers in them, each arm above the method that it stands for."""

from collections.abc import Iterator

from assets.experiment_page.contents import ExperimentRows
from assets.experiment_page.counterparts import (
    PAPER_TABLES,
    PaperColumn,
    PaperTable,
    Printed,
)
from assets.experiment_page.origins import Origins, printed_origin
from assets.experiment_page.sheets import (
    PRINTED,
    Head,
    Sheet,
    SheetCell,
    SheetLine,
    filled,
)
from assets.experiment_page.spreads import METRICS, Measured, Spread, spread_words
from assets.reporting.numbers import percent
from assets.reporting.words import benchmark_title
from storage.experiment_records import ALL_SLICES, KNOWN_SLICE, UNSEEN_SLICE
from storage.published_results import PublishedResult

SLICES = {
    ALL_SLICES: "all images",
    KNOWN_SLICE: "images without anything that is reserved",
    UNSEEN_SLICE: "images with a place or object kind that no part of training has seen",
}
"""What each slice of a benchmark holds."""


class SheetMaker:
    """Makes cells, lines and sheets of one experiment."""

    def __init__(self, rows: ExperimentRows, printed: Printed) -> None:
        """Keep what the cells are looked up in."""
        self.rows = rows
        self.printed = printed
        self.measured = Measured(rows)
        self.origins = Origins(rows)

    def architecture(self, family: str) -> str | None:
        """The plan's network of a family; None where it has none."""
        return next((name for name in self.rows.architectures if name.startswith(family)), None)

    def arms(self, architecture: str, wanted: tuple[str, ...] = ()) -> list[str]:
        """Those of the wanted arms that the plan trains a network in; all if none is named."""
        planned = self.rows.plan.arms_of(architecture)
        return [arm for arm in wanted or planned if arm in planned]

    def cell(self, spread: Spread | None) -> SheetCell:
        """A mean over seeds with its origin."""
        text = spread_words(spread, n_seeds=self.rows.plan.n_seeds)
        return SheetCell(text=text, origin=self.origins.of(spread))

    def line(
        self, architecture: str, arm: str, cells: tuple[SheetCell, ...], group: str = ""
    ) -> SheetLine:
        """The line of an arm, which leads to its trials."""
        return SheetLine(
            name=arm,
            detail=self.rows.plan.arms[arm].title,
            cells=cells,
            group=group,
            link=trials_place(self.rows, architecture, arm),
        )


def trials_place(rows: ExperimentRows, architecture: str, arm: str) -> str:
    """Id of the place in the page that lists the trials of an arm."""
    return f"trials-{rows.architectures.index(architecture)}-{list(rows.plan.arms).index(arm)}"


def printed_cell(row: PublishedResult | None) -> SheetCell:
    """A published number with its source."""
    if row is None:
        return SheetCell(text=percent(None))
    return SheetCell(text=percent(row.value_pct), origin=printed_origin(row))


def head_of(column: PaperColumn) -> Head:
    """The head of a column of a benchmark."""
    metric = METRICS[column.metric]
    group = benchmark_title(column.benchmark)
    return Head(title=metric.title, group=group, arrow=metric.arrow)


def paper_sheets(maker: SheetMaker) -> list[Sheet]:
    """Tables 1 to 5, 7 and 11 of the paper, as far as the plan has arms for them."""
    made = [sheet for table in PAPER_TABLES for sheet in _of_slices(maker, table)]
    return [sheet for sheet in made if sheet is not None]


def _of_slices(maker: SheetMaker, table: PaperTable) -> Iterator[Sheet | None]:
    architecture = maker.architecture(table.arms_family)
    if architecture is None:
        return
    for slice_ in SLICES:
        lines = tuple(_lines(maker, table, architecture, slice_))
        if any(cell.origin for line in lines for cell in line.cells if line.kind != PRINTED):
            yield filled(_sheet(table, architecture, slice_, lines), percent(None))


def _sheet(
    table: PaperTable, architecture: str, slice_: str, lines: tuple[SheetLine, ...]
) -> Sheet:
    is_whole = slice_ == ALL_SLICES
    title = f"Table {table.number}: {table.title} · {architecture}"
    return Sheet(
        title=title if is_whole else f"{title} · {slice_}",
        heads=tuple(head_of(column) for column in table.columns),
        lines=lines,
        remark=table.remark if is_whole else f"{SLICES[slice_].capitalize()}.",
        is_folded=not is_whole,
    )


def _lines(
    maker: SheetMaker, table: PaperTable, architecture: str, slice_: str
) -> Iterator[SheetLine]:
    for arm in maker.arms(architecture, table.arms):
        spreads = (
            maker.measured.spread(architecture, arm, c.benchmark, c.metric, slice_=slice_)
            for c in table.columns
        )
        yield maker.line(architecture, arm, tuple(map(maker.cell, spreads)))
        if slice_ == ALL_SLICES and arm in table.methods:
            yield from _printed_line(maker, table, table.methods[arm])
    if slice_ == ALL_SLICES:
        for method in table.others:
            yield from _printed_line(maker, table, method, group="no arm stands for it")


def _printed_line(
    maker: SheetMaker, table: PaperTable, method: str, group: str = ""
) -> Iterator[SheetLine]:
    found = [maker.printed.find(table.family, method, column) for column in table.columns]
    named = [row for row in found if row is not None]
    if named:
        yield SheetLine(
            name=method,
            detail=source_words(named),
            cells=tuple(map(printed_cell, found)),
            kind=PRINTED,
            group=group,
        )


def source_words(rows: list[PublishedResult]) -> str:
    """Tables that numbers were printed in."""
    return ", ".join(dict.fromkeys(row.source for row in rows))
