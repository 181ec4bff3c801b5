"""The experiment as one HTML file, with no script and no need for a server or a network."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

from assets.experiment_page.claims import claim_words, summary_words, tone
from assets.experiment_page.contents import ExperimentRows, missing_words, n_measured_trials
from assets.experiment_page.counterparts import Printed
from assets.experiment_page.drawings import Drawing, page_drawings
from assets.experiment_page.elements import sheet_element
from assets.experiment_page.plan_sheets import notes, plan_facts
from assets.experiment_page.sections import (
    ARMS,
    CLAIMS,
    PLAN,
    Section,
    page_sections,
)
from assets.experiment_page.spreads import Measured
from assets.gallery.markup import NOTHING, Html, Value, element, markup, packaged
from assets.reporting.elements import definitions, joined
from assets.reporting.rows import Blobs
from assets.reporting.shown import gallery, heat_legend
from assets.reporting.vector import inline_svg
from storage.benchmark_records import ShownImage
from storage.published_results import PublishedResult, published_sources

_MANY_MISSING = 6


def experiment_page(
    rows: ExperimentRows,
    *,
    pictures: Mapping[str, Sequence[ShownImage]] | None = None,
    blobs: Blobs | None = None,
    published: tuple[PublishedResult, ...] | None = None,
) -> str:
    """HTML of one plan in one world; equal rows give equal bytes.

    Args:
        rows: of the plan; arms, seeds or claims may be missing, and are named then.
        pictures: images to show, by the title of their group, such as the worst of an arm.
        blobs: that the pictures name; a missing one leaves a note in its place.
        published: numbers to set beside, by default the table of the project.
    """
    sections = page_sections(rows, Printed(published))
    drawn = page_drawings(rows, Measured(rows))
    parts = {
        "scope": f"{rows.plan.name} · {rows.world} world",
        "style": Html(packaged("page.css") + _packaged("reporting") + _packaged("experiment_page")),
        "numbers": _numbers(rows),
        "notes": joined([element("p", told, class_="note") for told in notes(rows)]),
        "missing": _missing(rows),
        "contents": _contents(sections),
        "sections": joined([_section(section, rows, drawn) for section in sections]),
        "pictures": _pictures(pictures or {}, {} if blobs is None else blobs),
        "sources": _sources(),
    }
    texts = {name: markup(part) for name, part in parts.items()}
    template = files("assets.experiment_page").joinpath("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(texts)


def _packaged(package: str) -> str:
    return files(f"assets.{package}").joinpath("page.css").read_text(encoding="utf-8")


def _numbers(rows: ExperimentRows) -> Html:
    n_held = sum(claim.holds for claim in rows.headline_claims)
    line = rows.plan.headline
    numbers = {
        "claims that hold": f"{n_held} of {len(line.against) * len(line.metrics)}",
        "trials measured": f"{n_measured_trials(rows)} of {len(rows.plan.trials())}",
        "seeds": str(rows.plan.n_seeds),
        "arms": str(len(rows.plan.arms)),
    }
    pairs = [element("div", element("dd", n), element("dt", name)) for name, n in numbers.items()]
    return element("dl", *pairs, class_="numbers")


def _missing(rows: ExperimentRows) -> Html:
    told = missing_words(rows)
    if not told:
        return NOTHING
    entries = element("ul", *(element("li", words) for words in told))
    summary = element("summary", f"This experiment is not whole: {len(told)} gaps")
    is_open = len(told) <= _MANY_MISSING
    return element("details", summary, entries, class_="fold missing-of", open=is_open)


def _contents(sections: Sequence[Section]) -> Html:
    names = {section.place: section.title for section in sections}
    entries = [element("li", element("a", name, href=f"#{at}")) for at, name in names.items()]
    return element("ul", *entries, class_="contents", aria_label="Contents")


def _section(section: Section, rows: ExperimentRows, drawn: Sequence[Drawing]) -> Html:
    parts: list[Value] = [element("h2", section.title)]
    parts += [element("p", told, class_="told") for told in section.told]
    parts += list(_extras(section.place, rows, drawn))
    parts += [sheet_element(sheet) for sheet in section.sheets]
    return element(
        "section", *parts, class_="benchmark", id=section.place, aria_label=section.title
    )


def _extras(place: str, rows: ExperimentRows, drawn: Sequence[Drawing]) -> list[Html]:
    if place == CLAIMS:
        return [_verdicts(rows, [d for d in drawn if d.title.startswith("Headline")])]
    if place == PLAN:
        return [definitions(plan_facts(rows), class_="subject")]
    if place == ARMS:
        return [_figures("arms", [d for d in drawn if not d.title.startswith("Headline")])]
    return []


def _verdicts(rows: ExperimentRows, drawn: Sequence[Drawing]) -> Html:
    entries = [
        element("li", claim_words(claim, n_seeds=rows.plan.n_seeds), class_=tone(claim))
        for claim in rows.headline_claims
    ]
    told = [element("p", summary_words(rows), class_="lead")]
    if entries:
        told.append(element("ul", *entries, class_="verdicts"))
    return element("div", element("div", *told), _figures("claims", drawn), class_="claimed")


def _figures(name: str, drawn: Sequence[Drawing]) -> Html:
    if not drawn:
        return NOTHING
    figures = [
        element(
            "figure",
            element("figcaption", drawing.title),
            inline_svg(drawing.plot, name=f"{name}{n}", label=f"{drawing.title}: {drawing.told}"),
            class_="chart",
        )
        for n, drawing in enumerate(drawn)
    ]
    return element("div", *figures, class_="figures")


def _pictures(pictures: Mapping[str, Sequence[ShownImage]], blobs: Blobs) -> Html:
    groups = [
        gallery(title, shown, blobs, is_open=place == 0)
        for place, (title, shown) in enumerate(pictures.items())
        if shown
    ]
    if not groups:
        return NOTHING
    head = element("h2", "Where it fails")
    return element("section", head, heat_legend(), *groups, class_="benchmark", id="failures")


def _sources() -> Html:
    cited = [source for source in published_sources() if source.source.startswith("gao2024")]
    first = cited[0].citation.rpartition(", table")[0]
    shown = "; ".join(f"table {s.source.removeprefix('gao2024:table')}: {s.shows}" for s in cited)
    return element("p", f"Published numbers: {first}. {shown}.", class_="faint")
