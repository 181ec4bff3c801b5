"""The served gallery in a real browser: a veto is saved, told, filtered by, and still there."""

import os
import secrets
import socket
import threading
import time

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from assets.reviewing.desk import Desk
from assets.reviewing.reviews import in_force, read_reviews
from assets.reviewing.server import HOST, Door, review_app
from tests.browser import CHROMIUM, FLAGS, needs_chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def address(store, data_root):
    """The server on a free port, in a thread of this process."""
    needs_chromium()
    listening = socket.socket()
    listening.bind((HOST, 0))
    port = listening.getsockname()[1]
    desk = Desk(store=store, data_root=data_root, reviewer="ada")
    door = Door(port=port, key=secrets.token_urlsafe())
    app = review_app(desk, door, token=secrets.token_urlsafe())
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield door.address
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture
def page(address):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(10_000)
        troubles = []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(address)
        assert "key" not in page.url
        yield page
        browser.close()
    expected = ("status of 4", "status of 50", "ERR_FAILED")
    assert [words for words in troubles if not any(one in words for one in expected)] == []


def until(is_so, seconds=10):
    """Whether something comes true; the page's policy forbids that the page itself waits."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


def n_cards(page):
    return page.locator(".card:visible").count()


def test_a_veto_is_saved_told_and_filtered_by(page, store, tmp_path):
    assert n_cards(page) == 5
    card = page.locator(".card:has(.review)").first
    picture = card.locator("img[data-view=picture]")
    assert until(lambda: picture.evaluate("image => image.naturalWidth") > 0)
    card.locator("input").fill("no <b>chair</b>")
    card.locator("[data-decide=vetoed]").click()
    card.locator(".said", has_text="vetoed by ada").wait_for()
    assert "no <b>chair</b>" in card.locator(".said").inner_text()
    assert [row.decision for row in in_force(read_reviews(store)).values()] == ["vetoed"]
    page.locator("#filters [data-name=vetoed]").click()
    assert n_cards(page) == 1
    page.locator("#filters [data-name=undecided]").click()
    assert n_cards(page) == 3
    page.reload()
    page.locator("#filters [data-name=vetoed]").click()
    assert n_cards(page) == 1
    page.locator(".card:visible .stage").focus()
    page.keyboard.press("a")
    page.locator("[data-decision=accepted]").wait_for(state="attached")
    assert [row.decision for row in in_force(read_reviews(store)).values()] == ["accepted"]
    assert n_cards(page) == 0
    for width, scheme in ((1200, "light"), (400, "dark")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.click("#clear") if page.is_visible("#clear") else None
        page.screenshot(path=os.environ.get("MULTISHIFT_SHOTS", str(tmp_path)) + f"/g{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_failure_is_told_and_nothing_looks_saved(page, store):
    card = page.locator(".card:has(.review)").first
    page.evaluate("document.querySelector('.review').dataset.sample = '{}'")
    card.locator("[data-decide=vetoed]").click()
    card.locator(".said", has_text="not saved: need the texts").wait_for()
    assert card.locator("[data-decide=vetoed]").get_attribute("aria-pressed") == "false"
    assert read_reviews(store) == ()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 500, "body": "Internal Server Error"}, "not saved: the server answered 500"),
        ({"status": 507, "json": {"error": "disk is full"}}, "not saved: disk is full"),
        (None, "not saved: the server does not answer"),
    ],
)
def test_a_failure_in_the_enlarged_view_is_told_there(page, store, answer, told):
    def failing(route):
        route.abort() if answer is None else route.fulfill(**answer)

    page.route("**/reviews", failing)
    page.locator(".card:has(.review) .stage").first.click()
    page.keyboard.press("v")
    page.locator("#large-said.failed", has_text=told).wait_for()
    page.keyboard.press("ArrowRight")
    assert told not in page.inner_text("#large-said")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#large-said") == told
    page.unroute("**/reviews")
    page.keyboard.press("v")
    page.locator("#large-said:not(.failed)", has_text="vetoed by ada").wait_for()
    assert [row.decision for row in read_reviews(store)] == ["vetoed"]
