"""Which differences of the paper have the same sign here, by intervals paired over seeds."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from assets.experiment_page.counterparts import PAPER_TABLES, PaperColumn, PaperTable
from assets.experiment_page.paper_sheets import SheetMaker, printed_cell, trials_place
from assets.experiment_page.sheets import (
    Head,
    Sheet,
    SheetCell,
    SheetLine,
    Tone,
    text_cells,
    text_heads,
)
from assets.experiment_page.spreads import METRICS, Spread, interval, points
from assets.reporting.numbers import percent
from assets.reporting.words import benchmark_title
from models.experiment.statistics import PairedComparison, compare_family
from storage.published_results import PublishedResult

SAME, OPPOSITE, OPEN, MISSING = "same", "opposite", "not decided", "not measured"
"""What our interval says of a printed difference: beside 0 on its side, or on the other; over 0."""

VERDICTS = (SAME, OPPOSITE, OPEN, MISSING)
_TONES: dict[str, Tone] = {SAME: "good", OPPOSITE: "bad", OPEN: "open", MISSING: ""}
_FEWEST = 2

REMARK = (
    "For each pair of methods in one of the paper's tables that two arms stand for: the sign of "
    "the printed difference against the 95 % interval of ours, paired by seed. Same: the interval "
    "lies on the printed side of 0. Opposite: on the other side. Not decided: it holds 0. The "
    "intervals are of single comparisons, not of a family, and the printed numbers have no "
    "intervals, since the paper states no spread over seeds."
)


@dataclass(frozen=True, kw_only=True)
class Direction:
    """A printed difference of two methods beside that of the arms that stand for them.

    Attributes:
        table: where it was printed.
        column: benchmark, split and metric.
        architecture: of the arms.
        arms: the one that is compared, and the one that it is compared with.
        printed: their published numbers, in that order.
        spreads: their own numbers, in that order.
        compared: differences over the seeds that both have; None with less than two.
    """

    table: PaperTable
    column: PaperColumn
    architecture: str
    arms: tuple[str, str]
    printed: tuple[PublishedResult, PublishedResult]
    spreads: tuple[Spread | None, Spread | None]
    compared: PairedComparison | None

    @property
    def printed_points(self) -> float:
        """Printed difference in percentage points."""
        return self.printed[0].value_pct - self.printed[1].value_pct

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        if self.compared is None:
            return MISSING
        if self.compared.low <= 0 <= self.compared.high:
            return OPEN
        return SAME if (self.compared.mean > 0) == (self.printed_points > 0) else OPPOSITE


def directions(maker: SheetMaker) -> list[Direction]:
    """Every pair that the tables with methods as lines compare, where print sees a difference.

    A number that stands in two tables of the paper counts once, in the first.
    """
    found: dict[tuple[object, ...], Direction] = {}
    for table in PAPER_TABLES:
        architecture = maker.architecture(table.arms_family)
        if architecture is not None:
            for direction in _of_table(maker, table, architecture):
                found.setdefault((architecture, direction.arms, direction.column), direction)
    return list(found.values())


def counts_sheet(found: list[Direction]) -> Sheet:
    """How many differences of each table go which way."""
    tables = {d.table.name: d for d in found}
    lines = []
    for name, first in tables.items():
        verdicts = [d.verdict for d in found if d.table.name == name]
        cells = [_counted(verdict, verdicts.count(verdict)) for verdict in VERDICTS]
        title = f"Table {first.table.number}: {first.table.title}"
        lines.append(SheetLine(name=title, detail=first.architecture, cells=tuple(cells)))
    return Sheet(
        title="Differences of the paper and ours",
        heads=tuple(Head(title=verdict) for verdict in VERDICTS),
        lines=tuple(lines),
        remark=REMARK,
    )


def opposite_sheet(maker: SheetMaker, found: list[Direction]) -> Sheet | None:
    """The differences that go the other way here; None where there is none."""
    chosen = [direction for direction in found if direction.verdict == OPPOSITE]
    return _listed("What goes the other way here", maker, chosen) if chosen else None


def every_sheet(maker: SheetMaker, found: list[Direction]) -> Sheet:
    """All differences, one by one."""
    return _listed("Every difference", maker, found, is_folded=True)


def _listed(
    title: str, maker: SheetMaker, found: list[Direction], *, is_folded: bool = False
) -> Sheet:
    heads = (
        *text_heads("benchmark"),
        Head(title="printed", group="difference in points"),
        Head(title="ours", group="difference in points"),
        Head(title="95 % interval", group="difference in points"),
        *text_heads("direction"),
    )
    return Sheet(
        title=title,
        heads=heads,
        lines=tuple(_line(maker, direction) for direction in found),
        is_folded=is_folded,
    )


def _of_table(maker: SheetMaker, table: PaperTable, architecture: str) -> Iterator[Direction]:
    planned = maker.arms(architecture, table.arms)
    known = [arm for arm in table.methods if arm in planned]
    for against, arm in combinations(known, 2):
        for column in table.columns:
            pair = (
                maker.printed.find(table.family, table.methods[arm], column),
                maker.printed.find(table.family, table.methods[against], column),
            )
            if pair[0] is None or pair[1] is None or pair[0].value_pct == pair[1].value_pct:
                continue
            spreads = (
                maker.measured.spread(architecture, arm, column.benchmark, column.metric),
                maker.measured.spread(architecture, against, column.benchmark, column.metric),
            )
            yield Direction(
                table=table,
                column=column,
                architecture=architecture,
                arms=(arm, against),
                printed=(pair[0], pair[1]),
                spreads=spreads,
                compared=_compared(*spreads),
            )


def _compared(arm: Spread | None, against: Spread | None) -> PairedComparison | None:
    if arm is None or against is None:
        return None
    seeds = [seed for seed in arm.values if seed in against.values]
    if len(seeds) < _FEWEST:
        return None
    differences = [arm.values[seed] - against.values[seed] for seed in seeds]
    return compare_family({"difference": differences})["difference"]


def _counted(verdict: str, number: int) -> SheetCell:
    return SheetCell(text=str(number), tone=_TONES[verdict] if number else "")


def _line(maker: SheetMaker, direction: Direction) -> SheetLine:
    metric = METRICS[direction.column.metric]
    arm, against = direction.arms
    compared = direction.compared
    origin = "\n\n".join(
        f"{name}:\n{maker.origins.of(spread)}"
        for name, spread in zip(direction.arms, direction.spreads, strict=True)
        if spread is not None
    )
    ours = percent(None) if compared is None else points(compared.mean)
    ends = percent(None) if compared is None else interval(compared.low, compared.high)
    return SheetLine(
        name=f"{arm} − {against}",
        detail=f"table {direction.table.number} · {direction.architecture}",
        cells=(
            *text_cells(
                f"{benchmark_title(direction.column.benchmark)} {metric.title} {metric.arrow}"
            ),
            SheetCell(text=points(direction.printed_points), origin=_both(direction.printed)),
            SheetCell(text=ours, origin=origin),
            SheetCell(text=ends, origin=origin),
            SheetCell(text=direction.verdict, tone=_TONES[direction.verdict]),
        ),
        link=trials_place(maker.rows, direction.architecture, arm),
    )


def _both(printed: tuple[PublishedResult, PublishedResult]) -> str:
    return "\n".join(f"{row.method}: {printed_cell(row).origin}" for row in printed)
