"""Fixtures: `multishift ui` on what the demo made, and a browser, as a person has them."""

import http
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import CHROMIUM, FLAGS, needs_chromium

START_S = 120
WAIT_MS = 60_000


@pytest.fixture(scope="session")
def needs_browser():
    needs_chromium()


@pytest.fixture(scope="session")
def address(demo, needs_browser):
    """Address of `multishift ui`; stopped as a person stops it."""
    with serve(demo, "ui", "/server_info") as found:
        yield found


@contextmanager
def serve(demo, command, path):
    """A serving command on a free port, as soon as it answers, until the context ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [demo.command, command, "--port", str(port)],
        env=demo.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}{path}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


@contextmanager
def serve_gallery(demo):
    """Address of `multishift gallery` as it prints it, with the key that lets a browser in."""
    server = subprocess.Popen(
        [demo.command, "gallery", "--port", "0"],
        env=demo.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        printed = next((line for line in server.stderr if line.startswith("http://")), None)
        assert printed, "the gallery printed no address"
        wait_until_it_answers(printed.strip())
        yield printed.strip()
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


def wait_until_it_answers(url):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as refusal:
            if refusal.code == http.HTTPStatus.FORBIDDEN:  # we have no cookie, and it is there
                return
            time.sleep(0.5)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    raise TimeoutError(f"{url} did not answer within {START_S} s")


@pytest.fixture(scope="module")  # no longer: its event loop would be in the way of others
def page(address):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(WAIT_MS)
        yield page
        browser.close()


def picture_of(page, name, tmp_path):
    """Path for a screenshot: below `MULTISHIFT_SHOTS`, where set, else where the test writes."""
    folder = Path(os.environ.get("MULTISHIFT_SHOTS", tmp_path))
    return page.screenshot(path=folder / f"{name}.png")
