"""The server answers our own page at this machine and nobody else; it writes decisions alone."""

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from assets.partitions import ScenePartition
from assets.reviewing.desk import Desk
from assets.reviewing.reviews import in_force, read_reviews
from assets.reviewing.server import MAX_BODY_BYTES, Door, review_app
from storage.png import png_bytes
from storage.scene_records import LabelledScene
from tests.assets.gallery.conftest import made
from tests.assets.gallery.made_scenes import MadePartition, commit_made
from tests.assets.gallery.test_page import EVIL
from tests.outline import Outline

PORT, TOKEN = 3001, "t" * 43
DOOR = Door(port=PORT, key="k" * 43)
OURS = f"http://127.0.0.1:{PORT}"
HEADERS = {"Origin": OURS, "X-Multishift-Token": TOKEN}


@pytest.fixture
def client(desk):
    with TestClient(review_app(desk, DOOR, token=TOKEN), base_url=OURS) as opened:
        opened.get(DOOR.address)
        yield opened


@pytest.fixture
def asked(store):
    """A decision on the first labelled scene, as the page sends it."""
    row = first_label(store)
    return {
        "round": row.round,
        "city": row.city,
        "frame_id": row.frame_id,
        "variant": row.variant,
        "image_sha256": row.image_sha256,
        "label_sha256": row.label_sha256,
        "decision": "vetoed",
        "reason": "a chair in the sky",
    }


def first_label(store):
    return store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition="lisbon|round-1"
    )[0]


def send(client, asked, **headers):
    return client.post("/reviews", json=asked, headers={**HEADERS, **headers})


def test_the_page_has_buttons_and_asks_for_pictures_when_it_comes_to_them(client):
    answer = client.get("/")
    outline = Outline(answer.content)
    assert answer.status_code == 200
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert len(outline.all("button", **{"data-decide": "vetoed"})) == 3
    images = outline.all("img", loading="lazy")
    assert len(images) > 10
    assert not [image for image in images if image["src"].startswith("data:")]
    assert outline.all("meta", name="multishift-token")[0]["content"] == TOKEN
    names = {a["data-name"] for a in outline.all("button") if a.get("data-group") == "review"}
    assert names == {"undecided", "accepted", "vetoed"}
    for image in images:
        found = client.get(image["src"])
        assert found.status_code == 200, found.text
        assert found.headers["content-type"] == "image/webp"
    size = Image.open(io.BytesIO(client.get(images[0]["src"]).content)).size
    assert np.prod(size) > 1000


def test_a_decision_is_committed_shown_and_reported(client, desk, asked, reports):
    answer = send(client, asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["decision"] == "vetoed"
    assert re.fullmatch(
        r"vetoed by ada, \d{4}-\d\d-\d\d: a chair in the sky", answer.json()["said"]
    )
    (row,) = read_reviews(desk.store)
    assert (row.decision, row.reviewer, row.reason) == ("vetoed", "ada", "a chair in the sky")
    assert reports == ["told"]
    outline = Outline(client.get("/").content)
    (box,) = [a for a in outline.all("div") if a.get("data-decision") == "vetoed"]
    assert json.loads(box["data-sample"])["frame_id"] == asked["frame_id"]
    send(client, {**asked, "decision": "accepted", "reason": ""})
    assert [row.decision for row in in_force(read_reviews(desk.store)).values()] == ["accepted"]


def test_dagster_may_fail_and_the_decision_stands(store, asked):
    desk = Desk(store=store, data_root=None, reviewer="ada", report=lambda: "no database")
    with TestClient(review_app(desk, DOOR, token=TOKEN), base_url=OURS) as client:
        client.get(DOOR.address)
        said = send(client, asked).json()["said"]
    assert "Dagster was not told: no database" in said
    assert len(read_reviews(store)) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example:3001"}, 421),
        ({"Host": "127.0.0.1:9"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": f"https://127.0.0.1:{PORT}"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Multishift-Token": "t"}, 403),
        ({"X-Multishift-Token": "ä" * 43}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_what_our_page_would_not_send_changes_nothing(client, desk, asked, headers, status):
    coded = {name: value.encode() for name, value in headers.items()}
    answer = send(client, asked, **coded)
    assert answer.status_code == status
    assert "error" in answer.json()
    assert read_reviews(desk.store) == ()


def a_picture(client):
    """Address of a picture of the page."""
    return Outline(client.get("/").content).all("img", loading="lazy")[0]["src"]


@pytest.mark.parametrize("is_picture", [False, True])
def test_another_host_sees_nothing(client, is_picture):
    path = a_picture(client) if is_picture else "/"
    answer = client.get(path, headers={"Host": "rebound.example"})
    assert answer.status_code == 421
    assert TOKEN not in answer.text
    assert client.get(path, headers={"Host": f"localhost:{PORT}"}).status_code == 200


@pytest.mark.parametrize("key", [None, "", "k", "ä" * 43, TOKEN])
def test_who_has_no_key_sees_and_decides_nothing(client, desk, asked, key):
    pictures = a_picture(client)
    client.cookies.clear()
    if key is not None:
        client.cookies.set(DOOR.cookie, quote(key))
    for answer in (
        client.get("/"),
        client.get("/", params={} if key is None else {"key": key}),
        client.get(pictures, params={"of": pictures[-16:], "key": DOOR.key}),
        send(client, asked),
    ):
        assert answer.status_code == 403
        assert "multishift gallery" in answer.json()["error"]
        assert TOKEN not in answer.text
    assert read_reviews(desk.store) == ()


def test_the_key_becomes_a_cookie_that_no_script_and_no_other_site_can_use(client):
    client.cookies.clear()
    answer = client.get(DOOR.address, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert DOOR.cookie == f"multishift-gallery-{PORT}"
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert DOOR.key not in repr(DOOR)
    page = client.get("/")
    assert page.status_code == 200
    assert DOOR.key not in page.text


def test_what_goes_wrong_is_told_as_the_page_wants_it(desk, asked):
    def broken():
        raise RuntimeError("no thread left")

    desk = replace(desk, report=broken)
    with TestClient(review_app(desk, DOOR, token=TOKEN), base_url=OURS) as client:
        client.get(DOOR.address)
        answer = send(client, asked)
    assert (answer.status_code, answer.json()) == (500, {"error": "RuntimeError: no thread left"})
    assert answer.headers["x-frame-options"] == "DENY"


def relabel(store, asked):
    """The partition with another label of the scene, and its picture as it was."""
    rows = store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition="lisbon|round-1"
    )
    label = store.blobs.put(png_bytes(np.zeros((64, 128), np.uint8), {}), ".png")
    rows[0] = replace(rows[0], label_sha256=label)
    store.manifests.commit("labelled_scenes", {"labelled_scenes": rows}, partition="lisbon|round-1")


def test_a_label_has_an_address_of_its_own_and_must_be_looked_at_again(client, desk, asked, store):
    def sources():
        found = Outline(client.get("/").content).all("img", loading="lazy")
        return {image["src"] for image in found}

    assert send(client, {**asked, "decision": "accepted"}).status_code == 200
    before = sources()
    relabel(store, asked)
    refused = send(client, asked)
    assert (refused.status_code, "reload" in refused.json()["error"]) == (409, True)
    after = sources()
    (old,) = before - after
    assert "/label?of=" in old
    assert client.get(old).status_code == 404
    outline = Outline(client.get("/").content)
    assert "of a former picture or label, does not hold any more" in outline.text
    boxes = [a["data-decision"] for a in outline.all("div") if "data-decision" in a]
    assert set(boxes) == {"undecided"}


def test_a_veto_of_a_former_label_is_shown_as_one_that_holds(client, asked, store):
    send(client, asked)
    relabel(store, asked)
    outline = Outline(client.get("/").content)
    assert "of a former picture or label, holds until you decide again" in outline.text
    assert [a for a in outline.all("div") if a.get("data-decision") == "vetoed"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"decision": "maybe"}, 400),
        ({"reason": "x" * 501}, 400),
        ({"reason": "x" * MAX_BODY_BYTES}, 413),
        ({"reason": None}, 400),
        ({"variant": "0"}, 400),
        ({"variant": True}, 400),
        ({"extra": 1}, 400),
        ({"frame_id": "lisbon_000007_000019"}, 404),
        ({"city": "../../etc"}, 404),
        ({"round": "round-2"}, 404),
        ({"image_sha256": "0" * 64}, 409),
        ({"label_sha256": "0" * 64}, 409),
    ],
)
def test_a_wrong_decision_is_refused_in_words(client, desk, asked, change, status):
    answer = send(client, {**asked, **change})
    assert answer.status_code == status
    assert answer.json()["error"]
    assert read_reviews(desk.store) == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 4000])
def test_what_is_no_decision_at_all_is_refused(client, body):
    headers = {**HEADERS, "Content-Type": "application/json"}
    answer = client.post("/reviews", content=body, headers=headers)
    assert answer.status_code == 400


def test_only_these_addresses_are_answered(client):
    for path in (
        "/picture/round-1/lisbon/lisbon_000000_000019/0/1/secret",
        "/picture/round-1/lisbon/lisbon_000000_000019/0/9/picture",
        "/picture/round-1/..%2F..%2Fetc/passwd/0/0/picture",
        "/picture/round-9/lisbon/lisbon_000000_000019/0/0/picture",
        "/etc/passwd",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get("/reviews").status_code == 405
    assert client.delete("/").status_code == 405


def test_a_regenerated_picture_must_be_looked_at_again(client, desk, asked, store):
    again = made(asked["frame_id"], attempt=5, class_names=("bathtub",))
    partition = ScenePartition(round="round-1", city="lisbon")
    commit_made(store, MadePartition(partition=partition, attempts=(again,)))
    answer = send(client, asked)
    assert answer.status_code in (404, 409)
    assert "reload" in answer.json()["error"]
    assert read_reviews(desk.store) == ()


def test_words_of_people_are_never_markup(client, asked):
    send(client, {**asked, "reason": EVIL})
    outline = Outline(client.get("/").content)
    assert EVIL.split("&")[0].strip() in outline.text
    assert len(outline.all("script")) == 1


def test_decisions_at_the_same_time_are_all_kept(client, desk, asked):
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: send(client, asked).status_code, range(8)))
    assert codes == [200] * 8
    assert len(read_reviews(desk.store)) == 8
