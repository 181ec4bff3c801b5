"""A file in headless chromium, with nothing left unnoticed that the page complains about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
DESKTOP, PHONE = (1280, 900), (390, 844)


def needs_chromium() -> None:
    """Skip where there is none, or fail where there must be one."""
    if CHROMIUM is None:
        if os.environ.get("MULTISHIFT_REQUIRE_BROWSER") == "1":
            pytest.fail("chromium is required here, and it is not installed")
        pytest.skip("needs chromium")


@contextmanager
def opened_file(file: Path) -> Iterator[Page]:
    """A tab with the file; in the end it must have said nothing and asked nobody for anything."""
    needs_chromium()
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


def show(tab: Page, *, scheme: str, size: tuple[int, int]) -> None:
    """Show everything that is folded, by day or by night, at a size."""
    tab.emulate_media(color_scheme=scheme, media="screen")
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    tab.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    for image in tab.query_selector_all("img"):
        image.evaluate("image => image.decode()")
