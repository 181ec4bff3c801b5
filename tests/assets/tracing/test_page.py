"""The page about a sample: everything is on it, it asks for nothing, every word is escaped."""

import os
import shutil
from dataclasses import replace

import pytest
from playwright.sync_api import sync_playwright

from assets.tracing.names import name_of_sample
from assets.tracing.page import sample_page
from assets.tracing.samples import trace_sample
from storage.store import open_store
from tests.assets.gallery.test_page import EVIL
from tests.assets.tracing.traced_world import SAMPLE
from tests.browser import CHROMIUM, FLAGS, needs_chromium
from tests.outline import Outline


@pytest.fixture
def traced(reader, traced_home):
    return trace_sample(name_of_sample(SAMPLE), None, reader, traced_home / "data")


@pytest.fixture
def page(traced, store, traced_home):
    return lambda one=traced: sample_page(one, store.blobs, traced_home / "data")


def test_everything_from_frame_to_checkpoint_is_on_it(page):
    outline = Outline(page())
    for words in (
        SAMPLE,
        "there, the same bytes",
        "a prompt of 0",
        "tiny@0123",
        "ade20k/train/0",
        "image.jpg of ade20k/train",
        "rejected: sam_disagrees",
        "accepted, chosen",
        "license of the generator",
        "training set mine, version 1",
        "deeplab_miniature of mine, step 6: learned from",
        f"multishift lineage {SAMPLE}",
    ):
        assert words in outline.text, words
    links = {a["href"] for a in outline.all("a")}
    assert links == {f"#{a['id']}" for a in outline.all("section")}
    images = outline.all("img")
    assert len(images) >= 7
    assert all(image["src"].startswith("data:image/webp") and image["alt"] for image in images)
    assert page() == page()


def test_words_are_never_markup(page, traced):
    evil = replace(traced, row=replace(traced.row, prompt=EVIL), notes=(EVIL,))
    outline = Outline(page(evil))
    assert "window.evil" in outline.text
    assert outline.all("script") == []


def test_what_is_gone_is_told(traced, traced_home):
    store = open_store(traced_home / "store")
    shutil.rmtree(store.blobs.folder)
    shutil.rmtree(traced_home / "data")
    text = Outline(sample_page(traced, store.blobs, traced_home / "data")).text
    assert "not in the store any more" in text
    assert "photograph: file does not exist" in text


@pytest.mark.browser
@pytest.mark.timeout(120)
def test_it_fits_wide_and_narrow_windows_in_light_and_dark(page, tmp_path):
    needs_chromium()
    file = tmp_path / "page.html"
    file.write_bytes(page())
    shots = os.environ.get("MULTISHIFT_SHOTS", str(tmp_path))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened, asked, troubles = browser.new_page(), [], []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: troubles.append(message.text))
        for width, scheme in ((1200, "light"), (400, "dark")):
            opened.emulate_media(color_scheme=scheme)
            opened.set_viewport_size({"width": width, "height": 900})
            opened.goto(file.as_uri())
            assert opened.evaluate("document.documentElement.scrollWidth") == width
            opened.screenshot(path=f"{shots}/s{width}.png", full_page=True)
        browser.close()
    assert troubles == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
