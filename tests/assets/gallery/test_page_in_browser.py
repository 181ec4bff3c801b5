"""The page in a real browser, from a file: its buttons work, and nothing is asked of a network."""

import pytest
from playwright.sync_api import sync_playwright

from assets.gallery.page import gallery_page
from storage.store import open_store
from tests.assets.gallery.conftest import LISBON, OSLO
from tests.browser import CHROMIUM, FLAGS, needs_chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def opened(made_folder, tmp_path_factory):
    """The page in a browser; what it complained about or asked for is looked at in the end."""
    needs_chromium()
    store = open_store(made_folder / "store")
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_bytes(gallery_page(store, made_folder / "data", [LISBON, OSLO]))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(10_000)
        troubles, asked = [], []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        yield page, file.as_uri()
        browser.close()
    assert troubles == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.fixture
def page(opened):
    page, address = opened
    page.set_viewport_size({"width": 1200, "height": 900})
    page.goto(address)
    return page


def n_cards(page):
    return page.locator(".card:visible").count()


def press(page, name):
    page.locator(f"#filters [data-name='{name}']").click()


def test_filters_join_within_a_group_and_cut_across_groups(page):
    assert n_cards(page) == 5
    press(page, "rainy")
    assert n_cards(page) == 2
    press(page, "clear")
    assert n_cards(page) == 4
    press(page, "bathtub")
    assert (n_cards(page), page.inner_text("#told")) == (1, "1 of 5 scenes")
    press(page, "rejected")
    assert n_cards(page) == 0
    assert page.is_visible("#nothing")
    page.click("#clear")
    assert n_cards(page) == 5


def test_a_view_is_seen_under_the_pointer_and_kept_by_a_click_or_a_key(page):
    card = page.locator(".card").first
    label = card.locator("img[data-view=label]")
    assert not label.is_visible()
    card.locator(".views [data-view=label]").hover()
    assert label.is_visible()
    page.mouse.move(5, 5)
    assert not label.is_visible()
    card.locator(".views [data-view=label]").click()
    page.mouse.move(5, 5)
    assert label.is_visible()
    card.locator(".stage").focus()
    page.keyboard.press("3")
    assert card.locator("img[data-view=layout]").is_visible()
    page.click("#all [data-view=photograph]")
    assert page.locator(".card img[data-view=photograph]:visible").count() == 4


def test_the_large_form_is_used_with_keys_alone(page):
    page.locator(".card .stage").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#large figure").count() == 4
    assert "Rainy night Lisbon" in page.inner_text("#large-title")
    page.keyboard.press("ArrowRight")
    assert "Clear day Kyoto" in page.inner_text("#large-title")
    page.keyboard.press("2")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#large figcaption >> nth=0") == "Label over the picture"
    page.keyboard.press("Escape")
    assert not page.is_visible("#large")
    assert page.evaluate("document.activeElement.className") == "stage"


def test_a_narrow_window_needs_no_scrolling_sideways(page):
    page.set_viewport_size({"width": 400, "height": 800})
    page.locator("summary", has_text="Facts").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 400
