"""The report as one HTML file, with no script and no need for a server or a network."""

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from assets.gallery.markup import Html, Value, element, markup, packaged
from assets.reporting.benchmark_tables import benchmark_tables
from assets.reporting.choosing import comparable
from assets.reporting.elements import definitions, joined, table_element
from assets.reporting.facts import (
    benchmark_facts,
    estimators,
    overlap_words,
    skipped_words,
    subject_facts,
    world_of,
    world_words,
)
from assets.reporting.figures import Figure, benchmark_figures, score_names
from assets.reporting.making import Making, making
from assets.reporting.numbers import count
from assets.reporting.rows import Blobs, MeasuredRows, Scored, n_measured, skipped, subjects
from assets.reporting.shown import gallery, heat_legend
from assets.reporting.tables import ReportTable
from assets.reporting.vector import inline_svg
from assets.reporting.words import benchmark_title
from storage.published_results import PublishedResult

OPEN_HISTOGRAMS = 3
"""Histograms that are shown at once; more of them are folded."""


def report_page(
    measured: Sequence[MeasuredRows],
    blobs: Blobs,
    published: Sequence[PublishedResult] | None = None,
    *,
    date: str | None = None,
    note: str = "",
) -> str:
    """HTML of one or several benchmarks beside what was published of them.

    Equal rows give equal bytes: no clock is read. Beside images of another world than the paper's
    nothing published is shown.

    Args:
        measured: rows of each benchmark; several subjects may be among them.
        blobs: pictures that the rows name; a missing one leaves a note in its place.
        published: rows to compare with, by default the table of the project.
        date: when it was measured, as it is to be written; not written where None.
        note: what must be known of all numbers, before anything else.

    Raises:
        ValueError: if there is no benchmark.
    """
    if not measured:
        raise ValueError("need the rows of one or more benchmarks to report, got none")
    world = world_of(measured)
    printed = comparable(published, world)
    tables = [benchmark_tables(rows, printed) for rows in measured]
    sections = [
        _section(number, rows, found, blobs)
        for number, (rows, found) in enumerate(zip(measured, tables, strict=True))
    ]
    made = making(measured, [table for found in tables for table in found], printed)
    return _fill(
        scope=", ".join(benchmark_title(rows.benchmark) for rows in measured),
        style=Html(packaged("page.css") + _packaged("page.css")),
        numbers=_numbers(measured),
        notes=joined(
            [element("p", told, class_="note") for told in (note, world_words(world)) if told]
        ),
        subjects=_subjects(measured, date),
        contents=_contents(measured),
        benchmarks=joined(sections),
        making=_making(made),
    )


def _fill(**parts: Value) -> str:
    texts = {name: markup(part) for name, part in parts.items()}
    return Template(_packaged("page.html")).substitute(texts)


def _packaged(name: str) -> str:
    return files("assets.reporting").joinpath(name).read_text(encoding="utf-8")


def _numbers(measured: Sequence[MeasuredRows]) -> Html:
    numbers = {
        "benchmark": len(measured),
        "subject": len(subjects(measured)),
        "measured image": sum(map(n_measured, measured)),
        "skipped image": sum(sum(skipped(rows).values()) for rows in measured),
    }
    pairs = [
        element("div", element("dd", count(n)), element("dt", name if n == 1 else f"{name}s"))
        for name, n in numbers.items()
    ]
    return element("dl", *pairs, class_="numbers")


def _subjects(measured: Sequence[MeasuredRows], date: str | None) -> Html:
    common = {"Estimators": "; ".join(estimators(measured)) or "none"}
    if date is not None:
        common["Date of the data"] = date
    found = [subject_facts(row) | common for row in subjects(measured)] or [common]
    return joined([definitions(facts, class_="subject") for facts in found])


def _contents(measured: Sequence[MeasuredRows]) -> Html:
    names = {f"b{n}": benchmark_title(rows.benchmark) for n, rows in enumerate(measured)}
    names["making"] = "How these numbers were made"
    entries = [element("li", element("a", name, href=f"#{at}")) for at, name in names.items()]
    return element("ul", *entries, class_="contents", aria_label="Contents")


def _section(number: int, rows: MeasuredRows, tables: Sequence[ReportTable], blobs: Blobs) -> Html:
    title = benchmark_title(rows.benchmark)
    told = " ".join((*benchmark_facts(rows), skipped_words(rows)))
    notes = [
        element("p", words, class_="note overlaps" if is_overlap else "note")
        for is_overlap, words in overlap_words(rows)
    ]
    parts = (
        element("h2", title),
        element("p", told, class_="told"),
        *notes,
        *(table_element(table) for table in tables if not table.is_folded),
        _figures(number, benchmark_figures(rows)),
        _galleries(rows, blobs),
        *(table_element(table) for table in tables if table.is_folded),
    )
    return element("section", *parts, class_="benchmark", id=f"b{number}", aria_label=title)


def _figures(number: int, figures: Sequence[Figure]) -> Html:
    drawn = [(_figure(f"b{number}f{place}", f), f) for place, f in enumerate(figures)]
    large = [shown for shown, figure in drawn if not figure.is_histogram]
    small = [shown for shown, figure in drawn if figure.is_histogram]
    parts = [element("div", *large, class_="figures")] if large else []
    if small:
        summary = element("summary", "Histograms of the scores")
        grid = element("div", *small, class_="figures small")
        is_open = len(small) <= OPEN_HISTOGRAMS
        parts.append(element("details", summary, grid, class_="fold", open=is_open))
    return joined(parts)


def _figure(name: str, figure: Figure) -> Html:
    svg = inline_svg(figure.plot, name=name, label=f"{figure.title}: {figure.told}")
    return element("figure", element("figcaption", figure.title), svg, class_="chart")


def _galleries(rows: MeasuredRows, blobs: Blobs) -> Html:
    names = score_names(rows)
    groups = {
        name: [row for row in rows.shown if Scored.of(row) == scored]
        for scored, name in names.items()
    }
    filled = {name: shown for name, shown in groups.items() if shown}
    if not filled:
        return Html("")
    parts = [
        gallery(f"Images under the score {name}", shown, blobs, is_open=place == 0)
        for place, (name, shown) in enumerate(filled.items())
    ]
    return joined([heat_legend(), *parts])


def _making(told: Making) -> Html:
    rules = [element("p", rule, class_="told") for rule in told.rules]
    groups = {
        "Estimators": told.estimators,
        "Quantities": told.metrics,
        "Labels (SHA-256)": told.labels,
        "Published numbers": told.sources,
    }
    parts = [
        element("div", element("h3", name), definitions(facts))
        for name, facts in groups.items()
        if facts
    ]
    return joined([*rules, element("div", *parts, class_="made")])
