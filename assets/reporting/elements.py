"""Tables and notes as HTML."""

import re
from collections.abc import Mapping, Sequence

from assets.gallery.markup import Html, Value, element
from assets.reporting.tables import PUBLISHED, Cell, Line, ReportTable

_DIGEST = re.compile(r"[0-9a-f]{64}")


def joined(parts: Sequence[Html]) -> Html:
    """Elements one after the other."""
    return Html("\n".join(parts))


def definitions(facts: Mapping[str, Value], **attributes: str) -> Html:
    """A list of names and what they are."""
    pairs = [
        element("div", element("dt", name), element("dd", _told(value)))
        for name, value in facts.items()
    ]
    return element("dl", *pairs, **attributes)


def _told(value: Value) -> Value:
    """A digest in even letters, anything else as it is."""
    return element("code", value) if _DIGEST.fullmatch(str(value)) else value


def table_element(found: ReportTable) -> Html:
    """The table with its title, remark and notes; folded where it is not looked at first."""
    body = _turned(found) if found.is_turned else _upright(found)
    inner = [element("div", element("table", *body), class_="scroll", tabindex=0)]
    if found.remark:
        inner.insert(0, element("p", found.remark, class_="faint"))
    if found.notes:
        inner.append(element("ol", *(element("li", n) for n in found.notes), class_="notes"))
    if found.is_folded:
        return element("details", element("summary", found.title), *inner, class_="fold numbers-of")
    return element("section", element("h3", found.title), *inner, class_="numbers-of")


def _upright(found: ReportTable) -> list[Html]:
    heads = [element("th", "", scope="col"), element("th", "estimator", scope="col")]
    heads += [
        element("th", c.title, " ", element("small", c.arrow), scope="col") for c in found.columns
    ]
    rows = [_row(found, line) for line in found.lines]
    return [element("thead", element("tr", *heads)), element("tbody", *rows)]


def _row(found: ReportTable, line: Line) -> Html:
    cells = [_cell(cell) for cell in found.cells(line)]
    estimator = element("td", line.estimator, class_="estimator")
    return element("tr", _name(found, line), estimator, *cells, class_=line.kind)


def _turned(found: ReportTable) -> list[Html]:
    heads = [_name(found, line, scope="col", has_estimator=True) for line in found.lines]
    head = element("tr", element("th", "", scope="col"), *heads)
    all_cells = [found.cells(line) for line in found.lines]
    rows = [
        element(
            "tr", element("th", column.title, scope="row"), *(_cell(c[place]) for c in all_cells)
        )
        for place, column in enumerate(found.columns)
    ]
    return [element("thead", head), element("tbody", *rows)]


def _name(
    found: ReportTable, line: Line, *, scope: str = "row", has_estimator: bool = False
) -> Html:
    marks = ", ".join(map(str, found.marks(line)))
    parts: list[Value] = [element("span", line.name, class_="name")]
    if marks:
        parts.append(element("sup", marks))
    details = [line.detail, line.estimator if has_estimator else ""]
    kind = "published" if line.kind == PUBLISHED else ""
    told = " · ".join(filter(None, (kind, *details)))
    if told:
        parts.append(element("small", told))
    return element("th", *parts, scope=scope)


def _cell(cell: Cell) -> Html:
    if not cell.is_best:
        return element("td", cell.text, title=cell.exact or None)
    best = element("strong", cell.text, element("span", " (best)", class_="unseen"))
    return element("td", best, title=cell.exact, class_="best")
