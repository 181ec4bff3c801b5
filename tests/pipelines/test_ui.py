"""The Dagster UI on what the demo made, in a real browser against real servers."""

import contextlib

import psutil
import pytest

from tests.pipelines.serving import picture_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]


def test_the_graph_shows_both_groups(page, address):
    page.goto(f"{address}/asset-groups")
    for group in ("sources", "objects"):
        page.wait_for_selector(f"text={group}")


def test_the_lineage_shows_the_sources_of_the_bank(page, address, tmp_path):
    page.goto(f"{address}/assets/ood_objects?view=lineage")
    for name in ("ade20k_challenge", "coco", "ood_objects", "retractions", "scene_requests"):
        page.wait_for_selector(f"text={name}")
    picture_of(page, "dag", tmp_path)


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


def test_no_server_listens_beyond_this_machine(address):
    """Webserver, code server and daemon, and whatever they have started."""
    port = int(address.rpartition(":")[2])
    heard = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            listening = [c.laddr for c in process.net_connections("inet") if c.status == "LISTEN"]
            heard.update({place.port: (place.ip, process.cmdline()) for place in listening})
    assert port in heard
    assert all(ip in ("127.0.0.1", "::1") for ip, _ in heard.values()), heard
