"""Sheets as HTML tables, in the look of the benchmark report."""

import re
from collections.abc import Iterator
from itertools import groupby

from assets.experiment_page.sheets import PRINTED, Head, Sheet, SheetCell, SheetLine
from assets.gallery.markup import NOTHING, Html, Value, element

_CLASSES = "numbers-of sheet"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def sheet_element(sheet: Sheet) -> Html:
    """The table with its title and remark; folded where it is not looked at first."""
    table = element("table", element("thead", *_heads(sheet)), element("tbody", *_body(sheet)))
    parts = [element("div", table, class_="scroll", tabindex=0)]
    if sheet.remark:
        parts.insert(0, element("p", sheet.remark, class_="faint"))
    if sheet.is_folded:
        return element(
            "details", element("summary", sheet.title), *parts, class_=_CLASSES + " fold"
        )
    return element("section", element("h3", sheet.title), *parts, class_=_CLASSES)


def _heads(sheet: Sheet) -> Iterator[Html]:
    if any(head.group for head in sheet.heads):
        groups = [(name, len(list(found))) for name, found in groupby(h.group for h in sheet.heads)]
        cells = [
            element("th", name, colspan=width, scope="colgroup", class_="group-of")
            for name, width in groups
        ]
        yield element("tr", element("td"), *cells)
    yield element("tr", element("td"), *map(_head, sheet.heads))


def _head(head: Head) -> Html:
    arrow = element("small", f" {head.arrow}") if head.arrow else NOTHING
    return element("th", head.title, arrow, scope="col", class_="words" if head.is_text else None)


def _body(sheet: Sheet) -> Iterator[Html]:
    for group, lines in groupby(sheet.lines, key=lambda line: line.group):
        if group:
            wide = element("th", group, colspan=len(sheet.heads) + 1, scope="rowgroup")
            yield element("tr", wide, class_="group-line")
        for line in lines:
            yield _line(sheet, line)


def _line(sheet: Sheet, line: SheetLine) -> Html:
    name: Value = element("span", line.name, class_="name")
    if line.link:
        name = element("a", name, href=f"#{line.link}", title="its trials and checkpoints")
    told = " · ".join(filter(None, ("published" if line.kind == PRINTED else "", line.detail)))
    head = element("th", name, element("small", told) if told else NOTHING, scope="row")
    cells = [_cell(h, cell) for h, cell in zip(sheet.heads, line.cells, strict=True)]
    return element("tr", head, *cells, class_=line.kind, id=line.place or None)


def _cell(head: Head, cell: SheetCell) -> Html:
    classes = " ".join(filter(None, ("words" if head.is_text else "", cell.tone)))
    text: Value = element("code", cell.text) if _DIGEST.fullmatch(cell.text) else cell.text
    return element("td", text, title=cell.origin or None, class_=classes or None)
