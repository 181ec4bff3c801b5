"""The report in a real browser, from a file: whole in any width, by day, by night, in print."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def opened(page, tmp_path_factory):
    """The report in a browser; what it complained about or asked for is looked at in the end."""
    if CHROMIUM is None:
        if os.environ.get("MULTISHIFT_REQUIRE_BROWSER") == "1":
            pytest.fail("chromium is required here, and it is not installed")
        pytest.skip("needs chromium")
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(page, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(10_000)
        troubles, asked = [], []
        tab.on("console", lambda message: troubles.append(message.text))
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(file.as_uri())
        yield tab
        browser.close()
    assert troubles == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_picture_and_plot_is_there(opened, tmp_path, size, scheme):
    opened.emulate_media(color_scheme=scheme, media="screen")
    opened.set_viewport_size({"width": size[0], "height": size[1]})
    for image in opened.query_selector_all("img"):
        image.evaluate("image => image.decode()")
    widths = opened.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(widths) == 24
    assert min(widths) > 0
    plots = opened.evaluate(
        "[...document.querySelectorAll('details, svg')].map((part) => {"
        " part.closest('details')?.setAttribute('open', '');"
        " return part.getBoundingClientRect().width; })"
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
