"""The report in a real browser, from a file: whole in any width, by day, by night, in print."""

import pytest

from tests.browser import DESKTOP, PHONE, opened_file, show

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def opened(page, tmp_path_factory):
    """The report in a browser; what it complained about or asked for is looked at in the end."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(page, encoding="utf-8")
    with opened_file(file) as tab:
        yield tab


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_picture_and_plot_is_there(opened, tmp_path, size, scheme):
    show(opened, scheme=scheme, size=size)
    widths = opened.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) == 24
    assert min(widths) > 0
    plots = opened.evaluate(
        "[...document.querySelectorAll('svg')].map((plot) => plot.getBoundingClientRect().width)"
    )
    assert min(plots) > 100
    assert opened.evaluate("document.documentElement.scrollWidth") == size[0]
    shot = opened.screenshot(path=tmp_path / "shot.png", full_page=True)
    assert len(shot) > 100_000


def test_text_of_plots_is_legible_by_day_and_by_night(opened):
    inks = set()
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme, media="screen")
        inks.add(opened.evaluate("getComputedStyle(document.querySelector('svg text')).fill"))
    assert inks == {"rgb(35, 35, 42)", "rgb(236, 236, 240)"}


def test_links_lead_to_their_benchmarks(opened):
    opened.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    opened.click(".contents a >> text=ACDC-POC")
    top = opened.evaluate("document.querySelector('#b1').getBoundingClientRect().top")
    assert 0 <= top < 200


def test_print_is_dark_on_light_and_shows_what_is_folded(opened):
    opened.emulate_media(color_scheme="dark", media="print")
    ground, ink = opened.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(35, 35, 42)")
    assert opened.pdf(format="A4").startswith(b"%PDF")
