"""The Dagster UI on what the demo made, in a real browser against real servers."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IS_REQUIRED = os.environ.get("MULTISHIFT_REQUIRE_BROWSER") == "1"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
START_S = 120
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def needs_browser():
    if CHROMIUM is None:
        if IS_REQUIRED:
            pytest.fail("chromium is required here, and it is not installed")
        pytest.skip("needs chromium")


@pytest.fixture(scope="module")
def address(demo, needs_browser):
    """`multishift ui` on a free port; stopped as a person stops it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [demo.command, "ui", "--port", str(port)],
        env=demo.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/server_info")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


def wait_until_it_answers(url):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    raise TimeoutError(f"{url} did not answer within {START_S} s")


@pytest.fixture(scope="module")
def page(address):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(WAIT_MS)
        yield page
        browser.close()


def test_the_graph_shows_both_groups(page, address):
    page.goto(f"{address}/asset-groups")
    for group in ("sources", "objects"):
        page.wait_for_selector(f"text={group}")


def test_the_lineage_shows_the_sources_of_the_bank(page, address, tmp_path):
    page.goto(f"{address}/assets/ood_objects?view=lineage")
    for name in ("ade20k_challenge", "coco", "ood_objects", "5 / 5 Passed", "Observed"):
        page.wait_for_selector(f"text={name}")
    page.screenshot(path=os.environ.get("MULTISHIFT_SCREENSHOT", tmp_path / "dag.png"))


def test_the_asset_page_shows_rows_kinds_and_passed_checks(page, address):
    page.goto(f"{address}/assets/ood_objects?view=overview")
    for text in ("Row count", "Parquet", "appearance_hash", "Latest check results"):
        page.wait_for_selector(f"text={text}")


def test_the_contact_sheet_and_the_histogram_are_pictures(page, address):
    page.goto(f"{address}/assets/ood_objects?view=events")
    for number, alt in enumerate(("crops of the object bank", "objects by class")):
        page.locator("text=[Show Markdown]").nth(number).click()
        picture = page.locator(f"img[alt^='{alt}']")
        picture.wait_for()
        page.wait_for_function(
            "picture => picture.naturalWidth > 300", arg=picture.element_handle()
        )
        page.keyboard.press("Escape")
        picture.wait_for(state="detached")


def test_a_source_shows_its_license_and_its_observation(page, address):
    page.goto(f"{address}/assets/ade20k")
    for text in ("rendered by multishift", "Latest observation", "world_version"):
        page.wait_for_selector(f"text={text}")
