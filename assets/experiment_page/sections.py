"""The sections of the page: which sheets and drawings stand under which heading."""

from dataclasses import dataclass, field

from assets.experiment_page.claims import headline_sheet, other_sheets
from assets.experiment_page.contents import ExperimentRows
from assets.experiment_page.counterparts import NO_TABLE_6, Printed
from assets.experiment_page.directions import (
    counts_sheet,
    directions,
    every_sheet,
    opposite_sheet,
)
from assets.experiment_page.domain_sheets import domain_sheets
from assets.experiment_page.paper_sheets import SheetMaker, paper_sheets
from assets.experiment_page.plan_sheets import arms_sheet, kinds_sheet, networks_sheet
from assets.experiment_page.sheets import Sheet
from assets.experiment_page.trial_sheets import cost_sheet, slices_sheet, trials_sheet

CLAIMS, PLAN, ARMS, TABLES, AGREEMENT, ORIGINS = (
    "claims",
    "plan",
    "arms",
    "tables",
    "agreement",
    "origins",
)
"""Ids of the sections."""

TITLES = {
    CLAIMS: "What was claimed, and what holds",
    PLAN: "The plan and its cost",
    ARMS: "All arms",
    TABLES: "The paper's tables, ours beside",
    AGREEMENT: "What agrees with the paper, and what does not",
    ORIGINS: "Where the numbers are from",
}

_NOTHING = "No result of this plan in this world is in the store yet."
_ORIGIN = (
    "Every cell tells, where the pointer rests on it, its values by seed, the beginnings of the "
    "checkpoints' digests, the training sets, the world and the manifests; the name of an arm "
    "leads to its trials below, with whole digests."
)


@dataclass(frozen=True)
class Section:
    """One heading with sentences and tables."""

    place: str
    sheets: tuple[Sheet, ...]
    told: tuple[str, ...] = ()
    title: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the title of the place."""
        object.__setattr__(self, "title", TITLES[self.place])


def page_sections(rows: ExperimentRows, printed: Printed) -> list[Section]:
    """All sections in their order; those without numbers say so."""
    maker = SheetMaker(rows, printed)
    return [
        _claims(maker),
        _plan(rows),
        _arms(maker),
        _tables(maker),
        _agreement(maker),
        Section(ORIGINS, (trials_sheet(rows),) if rows.trials else (), (_ORIGIN,)),
    ]


def _claims(maker: SheetMaker) -> Section:
    headline = headline_sheet(maker)
    return Section(CLAIMS, (*((headline,) if headline else ()), *other_sheets(maker)))


def _plan(rows: ExperimentRows) -> Section:
    kinds = kinds_sheet(rows.plan)
    told = (arms_sheet(rows.plan), *((kinds,) if kinds else ()), networks_sheet(rows.plan))
    return Section(PLAN, (*told, cost_sheet(rows)))


def _arms(maker: SheetMaker) -> Section:
    found = [slices_sheet(maker, name) for name in maker.rows.architectures]
    sheets = tuple(sheet for sheet in found if sheet is not None)
    return Section(ARMS, sheets, () if sheets else (_NOTHING,))


def _tables(maker: SheetMaker) -> Section:
    sheets = sorted((*paper_sheets(maker), *domain_sheets(maker)), key=_number)
    return Section(TABLES, tuple(sheets), (NO_TABLE_6,) if sheets else (_NOTHING,))


def _agreement(maker: SheetMaker) -> Section:
    found = directions(maker)
    if not found:
        return Section(AGREEMENT, (), ("The plan has no arms that stand for published methods.",))
    opposite = opposite_sheet(maker, found)
    sheets = (counts_sheet(found), *((opposite,) if opposite else ()), every_sheet(maker, found))
    return Section(AGREEMENT, sheets)


def _number(sheet: Sheet) -> int:
    """Number of the paper's table, from a title such as ``Table 12: ...``."""
    return int(sheet.title.split(":", 1)[0].split()[1])
