"""The page in a real browser, from a file: whole in any width, by day, by night, in print."""

import pytest

from tests.browser import DESKTOP, PHONE, opened_file, show

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def opened(page, tmp_path_factory):
    """The page in a browser; what it complained about or asked for is looked at in the end."""
    file = tmp_path_factory.mktemp("experiment") / "experiment.html"
    file.write_text(page, encoding="utf-8")
    with opened_file(file) as tab:
        yield tab


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_never_wider_than_the_screen(opened, tmp_path, size, scheme):
    show(opened, scheme=scheme, size=size)
    plots = opened.evaluate(
        "[...document.querySelectorAll('svg')].map((plot) => plot.getBoundingClientRect().width)"
    )
    assert min(plots) > 100
    assert opened.evaluate("document.documentElement.scrollWidth") == size[0]
    assert len(opened.screenshot(path=tmp_path / "shot.png", full_page=True)) > 100_000


def test_text_of_plots_is_legible_by_day_and_by_night(opened):
    inks = set()
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme, media="screen")
        inks.add(opened.evaluate("getComputedStyle(document.querySelector('svg text')).fill"))
    assert inks == {"rgb(35, 35, 42)", "rgb(236, 236, 240)"}


def test_the_name_of_an_arm_leads_to_its_trials(opened):
    opened.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    opened.evaluate("document.querySelectorAll('details').forEach((p) => { p.open = true; })")
    opened.click("#tables tbody th a >> nth=0")
    top = opened.evaluate("document.querySelector('tr:target').getBoundingClientRect().top")
    assert -5 <= top < DESKTOP[1]


def test_print_is_dark_on_light(opened):
    opened.emulate_media(color_scheme="dark", media="print")
    ground = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert opened.pdf(format="A4").startswith(b"%PDF")
