"""A person's way through the product: graph, partition, pictures, lineage, schedule, veto."""

import json
import time
import urllib.request

import dagster as dg
import pytest

from assets.partitions import ScenePartition, rounds
from assets.reviewing.reviews import in_force, read_reviews
from storage.store import open_store
from tests.pipelines.serving import picture_of, serve_gallery

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]

ROUND = "round-2"


@pytest.fixture(scope="module")
def city(demo):
    """A city that has labelled scenes."""
    return open_store(demo.store_root).manifests.partitions("labelled_scenes")[0].split("|")[0]


def schedule_status(address):
    query = """{ scheduleOrError(scheduleSelector: {scheduleName: "weekly_round",
      repositoryName: "__repository__", repositoryLocationName: "multishift"}) {
      ... on Schedule { scheduleState { status } } } }"""
    request = urllib.request.Request(
        f"{address}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["data"]["scheduleOrError"]["scheduleState"]["status"]


def test_the_graph_shows_every_stage_from_sources_to_report(page, address, tmp_path):
    page.goto(f"{address}/asset-groups")
    for group in ("sources", "decisions", "objects", "scenes", "training", "evaluation"):
        page.wait_for_selector(f"text={group}")
    picture_of(page, "graph", tmp_path)
    picture_of(page, "graph", tmp_path)


def test_a_partition_of_a_new_round_is_materialized_with_its_contact_sheet(
    page, address, demo, city, tmp_path
):
    with dg.DagsterInstance.from_config(str(demo.home)) as instance:
        instance.add_dynamic_partitions(str(rounds.name), [ROUND])
    page.goto(f"{address}/assets/scene_requests?view=partitions&partition={city}%7C{ROUND}")
    page.wait_for_selector("text=/Missing \\([1-9]/")
    page.locator("button:has-text('Materialize')").first.click()
    page.wait_for_selector("text=1 partition")
    picture_of(page, "launch", tmp_path)
    page.locator("button:has-text('Launch 1 run')").click()
    page.wait_for_selector("text=Materialized (3)")
    page.reload()
    page.locator("text=[Show Markdown]").first.click()
    sheet = page.locator("img[src^='data:image']").first
    sheet.wait_for()
    page.wait_for_function("sheet => sheet.naturalWidth > 300", arg=sheet.element_handle())
    picture_of(page, "contact_sheet", tmp_path)
    partition = ScenePartition(round=ROUND, city=city).key
    assert open_store(demo.store_root).manifests.latest("scene_requests", partition) is not None


def test_the_lineage_of_a_checkpoint_is_there(page, address, tmp_path):
    page.goto(f"{address}/assets/segmenter_checkpoint?view=lineage&lineageScope=upstream")
    for name in ("training_set", "ood_objects", "closed_set_checkpoint"):
        page.wait_for_selector(f"text={name}")
    picture_of(page, "lineage", tmp_path)
    page.get_by_role("button", name="All", exact=True).click()
    page.wait_for_selector("text=labelled_scenes")


def test_the_schedule_is_switched_on_and_off(page, address, tmp_path):
    assert schedule_status(address) == "STOPPED"
    page.goto(f"{address}/automation")
    page.wait_for_selector("text=only on Monday")
    page.wait_for_selector("label[class*=formatSwitch]")
    page.wait_for_function("!document.querySelector('label[class*=formatSwitch] :disabled')")
    switch = page.locator("label[class*=formatSwitch]").last  # the list is sorted by name
    for status in ("RUNNING", "STOPPED"):
        switch.click()
        assert until(lambda: schedule_status(address), status) == status
        picture_of(page, f"schedule_{status.lower()}", tmp_path)


def until(look, wanted, seconds=30.0):
    """What is there in the end, which is what is wanted if it comes in time."""
    deadline = time.monotonic() + seconds
    while (found := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def test_a_sample_is_vetoed_in_the_gallery(page, demo, tmp_path):
    with serve_gallery(demo) as gallery:
        page.goto(gallery)
        assert "key" not in page.url
        card = page.locator(".card:has(.review)").first
        card.locator("input").fill("it floats")
        card.locator("[data-decide=vetoed]").click()
        card.locator(".said", has_text="vetoed").wait_for()
        picture_of(page, "gallery", tmp_path)
    (review,) = in_force(read_reviews(open_store(demo.store_root))).values()
    assert (review.decision, review.reason) == ("vetoed", "it floats")
