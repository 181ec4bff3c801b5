"""Items that take GPUs: they run where those are offered, and never wait for what is not there."""

import time
from contextlib import contextmanager

import dask
import engine_items
import pytest

from assets.engine import offers
from assets.engine.cluster import n_places_of
from assets.engine.offers import GPU, is_met, refuse_unmet, share_of_machine
from assets.engine.outcome import EngineError
from assets.engine.resource import Engine


@contextmanager
def workers_that_offer(*offered):
    """A cluster with one worker for each offer, in threads of this process."""
    from distributed import Scheduler, SpecCluster, Worker

    place = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    workers = {
        number: {
            "cls": Worker,
            "options": {"nthreads": 1, "resources": offer, "name": f"worker-{number}", **place},
        }
        for number, offer in enumerate(offered)
    }
    with (
        dask.config.set({"distributed.worker.memory.pause": False}),
        SpecCluster(workers, scheduler={"cls": Scheduler, "options": place}) as cluster,
    ):
        yield cluster


def at(cluster, **changes):
    usual = {"item_timeout_s": 30, "start_timeout_s": 20}
    return Engine(mode="cluster", address=cluster.scheduler_address, **{**usual, **changes})


@pytest.fixture(scope="module")
def mixed():
    with workers_that_offer({}, {"GPU": 2}, {"GPU": 1}) as cluster:
        yield cluster


def test_items_run_where_their_gpus_are(mixed):
    engine = at(mixed)
    two = list(engine.map(engine_items.worker_name, range(4), key=str, resources={"GPU": 2}))
    assert {outcome.value for outcome in two} == {"worker-1"}
    one = list(engine.map(engine_items.worker_name, range(12), key=str, resources={"GPU": 1}))
    assert {outcome.value for outcome in one} == {"worker-1", "worker-2"}
    free = list(engine.map(engine_items.worker_name, range(12), key=str))
    assert "worker-0" in {outcome.value for outcome in free}
    assert engine.most_offered(GPU) == 2
    assert engine.most_offered("TPU") == 0


def test_more_than_any_worker_offers_is_refused_at_once(mixed):
    began = time.monotonic()
    asked = at(mixed).map(engine_items.square, range(3), key=str, resources={"GPU": 3})
    with pytest.raises(
        EngineError,
        match=r"need a worker that offers 3 GPU, got 3, the best of them with 2 GPU at tcp://127.* "
        r"start one by `dask worker ADDRESS --nthreads 1 --resources GPU=3`, or ask for less",
    ):
        list(asked)
    assert time.monotonic() - began < 10


def test_a_worker_that_leaves_with_its_gpus_is_missed(monkeypatch):
    from assets.engine import dispatch

    seen = []
    with workers_that_offer({}, {"GPU": 1}) as cluster:
        engine = at(cluster, start_timeout_s=2)
        count = dispatch.n_places_of

        def counted(client, asked=None):
            if not seen:
                seen.append(count(client, asked))
                client.retire_workers(names=["worker-1"])
            return count(client, asked)

        monkeypatch.setattr(dispatch, "n_places_of", counted)
        asked = engine.map(engine_items.square, [3], key=str, resources={"GPU": 1})
        with pytest.raises(EngineError, match=r"no worker with GPU=1 for 2 s with 1 items in"):
            list(asked)
    assert seen == [1]


@pytest.mark.parametrize("mode", ["inline", "processes"])
def test_this_machine_is_asked_for_its_gpus(mode, monkeypatch):
    monkeypatch.setattr(offers, "n_gpus", lambda: 3)
    engine = Engine(mode=mode, n_workers=2)
    n_each = {"inline": 3, "processes": 1}[mode]
    assert engine.most_offered(GPU) == n_each
    with pytest.raises(EngineError, match=rf"offers 4 GPU, got 1, the best .* {n_each} GPU at "):
        engine.map(engine_items.square, [1], key=str, resources={"GPU": 4})
    assert list(engine.map(engine_items.square, [], key=str, resources={"GPU": 4})) == []


def test_inline_items_run_where_there_are_enough(monkeypatch):
    monkeypatch.setattr(offers, "n_gpus", lambda: 1)
    (outcome,) = Engine().map(engine_items.square, [3], key=str, resources={"GPU": 1})
    assert outcome.value == 9


def test_workers_that_are_started_here_share_the_gpus(monkeypatch):
    monkeypatch.setattr(offers, "n_gpus", lambda: 5)
    engine = Engine(mode="processes", n_workers=2, start_timeout_s=40)
    outcomes = list(engine.map(engine_items.offer, range(3), key=str, resources={"GPU": 2}))
    assert [outcome.value for outcome in outcomes] == [{"GPU": 2.0}] * 3
    assert share_of_machine({"TPU": 1.0}, 1) == {"TPU": 0.0}


def test_an_offer_must_hold_all_that_is_asked():
    assert is_met({}, {})
    assert is_met({"GPU": 1, "disk": 5}, {"GPU": 1.0, "disk": 6.0})
    assert not is_met({"GPU": 1, "disk": 5}, {"GPU": 8.0})
    with pytest.raises(EngineError, match=r"offers 1 GPU, 5 disk, got 2, the best of them with 8"):
        refuse_unmet({"GPU": 1, "disk": 5}, {"here": {}, "there": {"GPU": 8.0}}, "buy one")


def test_a_lost_scheduler_offers_nothing():
    class Gone:
        status = "closed"

    assert n_places_of(Gone(), {"GPU": 1.0}) == 0
