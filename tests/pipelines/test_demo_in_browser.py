"""The report that the demo ends with, in a real browser, as a person opens the file."""

from pathlib import Path

import pytest

from tests.browser import DESKTOP, PHONE, opened_file, show

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]

PLOTS = """[...document.querySelectorAll('svg')].map((plot) => ({
    width: plot.getBoundingClientRect().width,
    paths: plot.querySelectorAll('path[d]').length,
    told: plot.getAttribute('aria-label'),
}))"""
TABLES = """[...document.querySelectorAll('table')].map((table) =>
    [...table.querySelectorAll('td')].filter((cell) => /[0-9]/.test(cell.textContent)).length)"""
WIDER = """[...document.querySelectorAll('main > *, main section > *, header > *')]
    .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
    .map((part) => part.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def report(demo):
    (line,) = [row for row in demo.output.splitlines() if row.startswith("report of the ")]
    with opened_file(Path(line.partition(": ")[2])) as tab:
        yield tab


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_of_the_demo_shows_pictures_plots_and_numbers(report, tmp_path, size, scheme):
    show(report, scheme=scheme, size=size)
    widths = report.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) >= 3 * 2 * 2, "photo, label and score of the best and the worst"
    assert min(widths) > 0
    plots = report.evaluate(PLOTS)
    assert len(plots) >= 3 * 3
    assert min(plot["paths"] for plot in plots) > 3
    assert min(plot["width"] for plot in plots) > 100
    assert all(plot["told"] for plot in plots)
    tables = report.evaluate(TABLES)
    assert len(tables) >= 3
    assert min(tables) > 0
    assert report.evaluate("document.documentElement.scrollWidth") == size[0]
    assert report.evaluate(WIDER) == []
    shot = report.screenshot(path=tmp_path / f"{scheme}_{size[0]}.png", full_page=True)
    assert len(shot) > 100_000
