"""Who cannot be asked, and answers that are none."""

import socket

import pytest

from storage.fetching.connection import Connection, FetchError, UnreachableError, read_json
from storage.fetching.contents import in_words
from storage.fetching.published import ask_all
from storage.fetching.sources import Kind


@pytest.mark.parametrize("endpoint", ["", "huggingface.co", "ftp://a", "https://a/", "https://"])
def test_endpoints_of_another_form_are_refused(endpoint):
    with pytest.raises(ValueError, match="need an endpoint such as https://"):
        Connection(endpoint=endpoint)


def test_a_token_is_not_printed():
    assert "secret" not in repr(Connection(token="secret"))


def test_nobody_there_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api"
        with pytest.raises(UnreachableError, match=r"cannot be reached \(.*refused"):
            read_json(Connection(), url)


def test_a_silent_server_is_unreachable():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        with pytest.raises(UnreachableError, match="timed out"):
            read_json(Connection(timeout_s=0.1), url)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
def test_other_answers_than_an_object_are_refused(hub, body):
    hub.addresses["page"] = body
    with pytest.raises(FetchError, match=r"/page: need (a JSON object|JSON), got"):
        read_json(Connection(), f"{hub.endpoint}/page")


def test_an_answer_that_is_cut_off_is_no_answer(hub):
    hub.addresses["page"], hub.cuts["page"] = b'{"sha": 1}', [4]
    with pytest.raises(UnreachableError, match="broke off"):
        read_json(Connection(), f"{hub.endpoint}/page")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sha", "main"),
        ("sha", None),
        ("siblings", None),
        ("siblings", [{"rfilename": "weights.pth"}]),
        ("siblings", [{"rfilename": "weights.pth", "lfs": {"size": 1, "sha256": "short"}}]),
        ("siblings", [{"rfilename": "weights.pth", "size": 1, "blobId": 7}]),
    ],
)
def test_answers_without_hashes_are_refused(hub, connection, monkeypatch, name, value):
    repository = hub.repositories["org/name"]
    listing = {**repository.listing(), name: value}
    monkeypatch.setattr(repository, "listing", lambda: listing)
    with pytest.raises(FetchError, match=r"blobs=true: need (a revision|size and hash)"):
        ask_all(connection, [hub.source()])


def test_the_hubs_word_on_the_license_counts(hub, connection):
    (published,) = ask_all(connection, [hub.source()])
    assert published.license == "openrail"
    hub.repositories["org/name"].license = None
    (published,) = ask_all(connection, [hub.source()])
    assert published.license == "known license"


def test_files_placed_by_hand_are_not_asked_about(connection, hub):
    assert ask_all(connection, [hub.source(kind=Kind.BY_HAND)]) == ()


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 kB"), (5_713_000_000, "5.71 GB")],
)
def test_sizes_in_words(n_bytes, words):
    assert in_words(n_bytes) == words
