"""The bookkeeping against a simulation of workers that take whole windows down with them."""

import random

import pytest

from assets.engine.lanes import DEATHS_TO_POISON, Lanes


def run_all(n_items, window, poison, random_state, *, allowed_failures=1):
    """Verdict per item when poison kills and Dask condemns whoever was in flight too often."""
    lanes, flying, suspicion, verdicts = Lanes(n_items, window), [], {}, {}
    while lanes.is_open:
        while (item := lanes.take()) is not None:
            flying.append(item)
            suspicion[item] = 0
        assert 0 < len(flying) <= window
        running = random_state.choice(flying)
        if running not in poison:
            flying.remove(running)
            lanes.settle(running)
            verdicts[running] = "fine"
            continue
        for item in list(flying):
            suspicion[item] += 1
            if suspicion[item] > allowed_failures:
                flying.remove(item)
                if lanes.lose(item, allowed_failures + 1):
                    verdicts[item] = "poisoned"
    return verdicts


@pytest.mark.parametrize("seed", range(40))
def test_exactly_the_poison_is_poisoned(seed):
    state = random.Random(seed)
    n_items = state.randrange(1, 30)
    poison = set(state.sample(range(n_items), state.randrange(n_items + 1)))
    verdicts = run_all(
        n_items, state.randrange(1, 7), poison, state, allowed_failures=state.randrange(4)
    )
    assert verdicts == {i: "poisoned" if i in poison else "fine" for i in range(n_items)}


def test_window_is_kept_and_order_is_that_of_the_items():
    lanes = Lanes(5, window=2)
    assert [lanes.take(), lanes.take(), lanes.take()] == [0, 1, None]
    lanes.settle(1)
    assert [lanes.take(), lanes.take()] == [2, None]


def test_suspect_waits_until_nothing_else_flies():
    lanes = Lanes(2, window=2)
    lanes.take(), lanes.take()
    assert not lanes.lose(0, deaths=2)
    assert lanes.take() is None
    lanes.settle(1)
    assert lanes.take() == 0


def test_deaths_in_company_never_poison():
    lanes = Lanes(1, window=1)
    lanes.take()
    assert not lanes.lose(0, deaths=100)
    for _ in range(DEATHS_TO_POISON - 1):
        assert lanes.take() == 0
        assert not lanes.lose(0, deaths=1)
    assert lanes.take() == 0
    assert lanes.lose(0, deaths=1)
    assert not lanes.is_open


def test_no_items_is_closed():
    assert not Lanes(0, window=1).is_open
