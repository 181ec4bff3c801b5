"""A hub of one repository, and a way to fetch from it."""

import pytest

from storage.fetching.connection import Connection
from storage.fetching.fetch import carry_out, held_alone
from storage.fetching.plan import plan_fetch
from storage.fetching.published import ask_all
from tests.storage.fetching.hub import FakeHub, Repository, content, serving

N_BYTES = 900_000


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """No proxy of this machine stands between the tests and their server."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def hub():
    with serving(FakeHub()) as running:
        running.repositories["org/name"] = Repository({"weights.pth": content(N_BYTES)})
        yield running


@pytest.fixture
def connection(hub):
    return Connection(endpoint=hub.endpoint, pauses_s=(0.0, 0.0), timeout_s=10)


@pytest.fixture
def fetch(tmp_path, hub, connection):
    """Fetch files into ``tmp_path / models``; gives what was told of the progress."""

    def run(*files, update=False, connection=connection):
        told = []
        published = ask_all(connection, files or (hub.source(),))
        with held_alone(tmp_path / "models"):
            plan = plan_fetch(tmp_path / "models", published, update=update)
            carry_out(plan, connection, lambda *step: told.append(step))
        return told

    return run
