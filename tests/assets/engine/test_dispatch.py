"""Items that wait for a place: never failed for it, and never waited for without end."""

import time
from concurrent.futures import ThreadPoolExecutor

import engine_items
import pytest
from test_offers import at, workers_that_offer

from assets.engine import dispatch
from assets.engine.cluster import n_places_of
from assets.engine.outcome import EngineAwayError


@pytest.mark.parametrize(
    ("offered", "asked", "n_places"),
    [
        ({"GPU": 1}, None, 4),
        ({"GPU": 1}, {"GPU": 1.0}, 1),
        ({"GPU": 2}, {"GPU": 1.0}, 2),
        ({"GPU": 8}, {"GPU": 1.0}, 4),
        ({"GPU": 3, "disk": 1}, {"GPU": 1.0, "disk": 0.5}, 2),
        ({"GPU": 1}, {"GPU": 2.0}, 0),
        ({}, {"GPU": 1.0}, 0),
    ],
)
def test_a_thread_without_what_an_item_takes_is_no_place(offered, asked, n_places):
    class Cluster:
        status = "running"

        def nthreads(self):
            return {"worker": 4}

        def scheduler_info(self):
            return {"workers": {"worker": {"resources": offered}}}

    assert n_places_of(Cluster(), asked) == n_places


def test_items_behind_many_others_are_not_failed(monkeypatch):
    """As when all workers but one are lost, and that one has the items of all."""
    monkeypatch.setattr(dispatch, "IN_FLIGHT_PER_PLACE", 30)
    with workers_that_offer({}) as cluster:
        hasty = at(cluster, item_timeout_s=1.5, start_timeout_s=1.0)
        outcomes = list(hasty.map(engine_items.slow, range(30), key=str))
    assert [outcome.error for outcome in outcomes] == [None] * 30


def test_busy_workers_are_told_and_left_alone():
    with workers_that_offer({}) as cluster:
        other = at(cluster).map(engine_items.take_seven_seconds, ["other"], key=str)
        hasty = at(cluster, item_timeout_s=0.5, start_timeout_s=1.0)
        with ThreadPoolExecutor(1) as threads:
            reading = threads.submit(list, other)
            time.sleep(1.0)
            with pytest.raises(
                EngineAwayError, match="no worker has begun one of 2 items for 2 s; "
            ):
                list(hasty.map(engine_items.square, range(5), key=str))
            (outcome,) = reading.result()
    assert outcome.value == "other"
