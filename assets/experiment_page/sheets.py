"""A table of the page before it is HTML or Markdown: cells with the origin of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

OURS, PRINTED, PLAIN = "measured", "published", "plain"
"""Whether a line holds numbers measured here, numbers from print, or neither."""

Tone = Literal["", "good", "bad", "open"]


@dataclass(frozen=True, kw_only=True)
class SheetCell:
    """What is written, where it is from, and whether it is good news."""

    text: str
    origin: str = ""
    tone: Tone = ""


@dataclass(frozen=True, kw_only=True)
class Head:
    """A column: its title, the columns it belongs with, and which way is better."""

    title: str
    group: str = ""
    arrow: str = ""
    is_text: bool = False


@dataclass(frozen=True, kw_only=True)
class SheetLine:
    """One row of cells.

    Attributes:
        name: what has them.
        cells: in the order of the heads.
        detail: a second line of the name; may be empty.
        kind: `OURS`, `PRINTED` or `PLAIN`.
        group: heading that the line stands under; may be empty.
        link: id of the place in the page that tells more; may be empty.
        place: its own id in the page; may be empty.
    """

    name: str
    cells: tuple[SheetCell, ...]
    detail: str = ""
    kind: str = OURS
    group: str = ""
    link: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Lines under heads; ``is_folded`` tells of what a page shows when asked."""

    title: str
    heads: tuple[Head, ...]
    lines: tuple[SheetLine, ...]
    remark: str = ""
    is_folded: bool = False


def text_cells(*texts: object) -> tuple[SheetCell, ...]:
    """Cells that are words alone."""
    return tuple(SheetCell(text=str(text)) for text in texts)


def text_heads(*titles: str) -> tuple[Head, ...]:
    """Columns of words."""
    return tuple(Head(title=title, is_text=True) for title in titles)


def filled(sheet: Sheet, blank: str) -> Sheet | None:
    """The sheet without columns that hold ``blank`` alone; None where no column is left."""
    kept = [
        place
        for place in range(len(sheet.heads))
        if any(line.cells[place].text != blank for line in sheet.lines)
    ]
    if not kept:
        return None
    return Sheet(
        title=sheet.title,
        heads=tuple(sheet.heads[place] for place in kept),
        lines=tuple(_narrowed(line, kept) for line in sheet.lines),
        remark=sheet.remark,
        is_folded=sheet.is_folded,
    )


def _narrowed(line: SheetLine, kept: Sequence[int]) -> SheetLine:
    return SheetLine(
        name=line.name,
        cells=tuple(line.cells[place] for place in kept),
        detail=line.detail,
        kind=line.kind,
        group=line.group,
        link=line.link,
        place=line.place,
    )
