"""Models are loaded once: across items, steps and runs, and again where a process begins anew."""

import gc
import weakref

import cuda_items
import pytest

from assets.engine.warm import WarmModels
from tests.assets.engine.test_engine import stock_cluster
from tests.assets.engine.test_offers import at, workers_that_offer


class Models:
    """Full of cycles, as models are."""

    def __init__(self):
        self.me = self


def test_the_last_ones_stay():
    warm = WarmModels(2)
    first = warm.get("a", Models)
    warm.get("b", Models)
    assert warm.get("a", Models) is first
    warm.get("c", Models)
    assert ["a" in warm, "b" in warm, "c" in warm] == [True, False, True]


def test_room_is_made_before_the_next_are_loaded():
    gc.disable()
    try:
        warm = WarmModels(1)
        old = weakref.ref(warm.get("a", Models))
        assert warm.get("b", lambda: old()) is None
    finally:
        gc.enable()


def test_parts_may_be_kept_by_themselves():
    warm = WarmModels(2)
    part = Models()
    warm.get("whole", lambda: [warm.get("part", lambda: part)])
    assert warm.get("part", Models) is part
    assert warm.keep_only("part")
    assert not warm.keep_only("part")
    assert "whole" not in warm


def test_what_fails_to_load_is_not_kept():
    warm = WarmModels(2)
    with pytest.raises(ZeroDivisionError):
        warm.get("a", lambda: 1 // 0)
    assert "a" not in warm


def test_each_worker_keeps_its_own_from_step_to_step():
    with workers_that_offer({}, {}) as cluster:
        for _ in range(2):
            outcomes = list(at(cluster).map(cuda_items.loads, ["two workers"] * 1, key=str))
            assert outcomes[0].error is None
        told = [o.value for o in at(cluster).map(cuda_items.load_or_die, list("abcdef"), key=str)]
    assert len({int(count) for _, count in told}) <= 2  # two workers of one process: two loads


@pytest.mark.slow
def test_a_restarted_process_has_its_place_again():
    with stock_cluster(1) as cluster:
        engine = at(cluster, start_timeout_s=40)
        before = [o.value for o in engine.map(cuda_items.load_or_die, ["a", "b"], key=str)]
        (died,) = engine.map(cuda_items.load_or_die, ["die"], key=str)
        after = [o.value for o in engine.map(cuda_items.load_or_die, ["c", "d"], key=str)]
    assert died.error.kind == "poisoned"
    assert {count for _, count in before + after} == {1}
    assert len({pid for pid, _ in before}) == len({pid for pid, _ in after}) == 1
    assert before[0][0] != after[0][0]
