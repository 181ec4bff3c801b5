"""The experiment as Markdown, and the place in a document that it is written to."""

from collections.abc import Iterable, Iterator

from assets.experiment_page.claims import claim_words, summary_words
from assets.experiment_page.contents import ExperimentRows, missing_words
from assets.experiment_page.counterparts import Printed
from assets.experiment_page.plan_sheets import notes, plan_facts
from assets.experiment_page.sections import Section, page_sections
from assets.experiment_page.sheets import PRINTED, Sheet, SheetLine
from assets.reporting.markdown import plain
from storage.published_results import PublishedResult

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
"""Lines between which a document holds the results; all else in it is kept."""


def experiment_markdown(
    rows: ExperimentRows, *, published: tuple[PublishedResult, ...] | None = None
) -> str:
    """Markdown of what the page shows at once; what is folded there is left to it.

    Arguments are those of `assets.experiment_page.page.experiment_page`. The text has no heading
    above the third level, so that it can stand in a section of a document.
    """
    sections = page_sections(rows, Printed(published))
    blocks = [f"**{plain(rows.plan.name)}, {rows.world} world.** {plain(summary_words(rows))}"]
    blocks += [f"> {plain(words)}" for words in notes(rows)]
    blocks += _listed("Missing", missing_words(rows))
    for section in sections:
        blocks += _section(section, rows)
    return "\n\n".join(blocks) + "\n"


def with_results(document: str, block: str) -> str:
    """The document with the block between its two markers, in place of what was there.

    Raises:
        ValueError: if a marker is missing, stands twice, or the two are in the wrong order.
    """
    counts = [document.count(marker) for marker in (BEGIN, END)]
    if counts != [1, 1] or document.index(BEGIN) > document.index(END):
        raise ValueError(
            f"need one line {BEGIN} and one line {END} after it, got {counts[0]} and {counts[1]}: "
            "put both where the results belong"
        )
    before, _, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{block.strip()}\n{END}{after}"


def headline_markdown(rows: ExperimentRows) -> str:
    """The claims in words alone, for a summary elsewhere."""
    lines = [plain(summary_words(rows))]
    lines += [
        f"- {plain(claim_words(claim, n_seeds=rows.plan.n_seeds))}"
        for claim in rows.headline_claims
    ]
    return "\n".join(lines)


def _section(section: Section, rows: ExperimentRows) -> Iterator[str]:
    yield f"### {section.title}"
    yield from map(plain, section.told)
    if section.place == "claims":
        yield from _listed(
            "", [claim_words(claim, n_seeds=rows.plan.n_seeds) for claim in rows.headline_claims]
        )
    if section.place == "plan":
        yield "\n".join(f"- {plain(n)}: {plain(told)}" for n, told in plan_facts(rows).items())
    for sheet in section.sheets:
        if not sheet.is_folded:
            yield from _sheet(sheet)


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f"#### {plain(sheet.title)}"
    if sheet.remark:
        yield plain(sheet.remark)
    heads = [plain(" ".join(filter(None, (h.group, h.title, h.arrow)))) for h in sheet.heads]
    aligned = ["---" if head.is_text else "---:" for head in sheet.heads]
    rows = [_row(("", *heads)), _row(("---", *aligned))]
    rows += [
        _row((_name(line), *(plain(cell.text) for cell in line.cells))) for line in sheet.lines
    ]
    yield "\n".join(rows)


def _name(line: SheetLine) -> str:
    details = (
        line.group,
        "published" if line.kind == PRINTED else "",
        line.detail,
    )
    told = ", ".join(plain(part) for part in details if part)
    name = plain(line.name) if line.kind == PRINTED else f"**{plain(line.name)}**"
    return f"{name} ({told})" if told else name


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _listed(title: str, told: list[str]) -> Iterator[str]:
    if told:
        head = f"{title}:\n\n" if title else ""
        yield head + "\n".join(f"- {plain(words)}" for words in told)
