"""Paired comparisons against scipy's test, Holm by its definition, intervals by simulation."""

import numpy as np
import pytest
from scipy import stats

from models.experiment.statistics import compare_family


def _family(seed: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    return {f"claim {k}": list(rng.normal(k / 3, 1, 10)) for k in range(6)}


@pytest.mark.parametrize("seed", range(5))
def test_p_values_and_single_interval_are_those_of_the_paired_t_test(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(0.4, 1, 10), rng.normal(0, 1, 10)
    expected = stats.ttest_rel(first, second)
    found = compare_family({"only": list(first - second)})["only"]
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.p_holm == found.p_value
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_holm_rejects_what_its_steps_reject(seed: int) -> None:
    found = compare_family(_family(seed))
    ranked = sorted(found.values(), key=lambda one: one.p_value)
    is_open = True
    for rank, one in enumerate(ranked):
        is_open = is_open and one.p_value < 0.05 / (len(ranked) - rank)
        assert (one.p_holm < 0.05) == is_open
        assert one.level == pytest.approx(1 - 0.05 / (len(ranked) - rank))


def test_a_family_keeps_its_order_and_a_larger_one_leaves_less() -> None:
    family = _family(0)
    found = compare_family(family)
    assert list(found) == list(family)
    alone = compare_family({"claim 3": family["claim 3"]})["claim 3"]
    assert found["claim 3"].p_holm >= alone.p_holm
    assert found["claim 3"].low <= alone.low <= alone.high <= found["claim 3"].high


def test_a_claim_holds_only_in_its_direction() -> None:
    better = compare_family({"fpr95": [-0.2, -0.21, -0.19]})["fpr95"]
    assert better.holds(is_higher_better=False)
    assert not better.holds(is_higher_better=True)


def test_equal_differences_are_certain_and_no_difference_is_none() -> None:
    found = compare_family({"same": [0.25] * 3, "none": [0.0] * 3})
    assert found["same"].p_holm == 0
    assert (found["same"].low, found["same"].high) == (0.25, 0.25)
    assert found["none"].p_holm == 1
    assert not found["none"].holds(is_higher_better=True)


def test_a_family_without_effect_is_rarely_claimed() -> None:
    rng = np.random.default_rng(0)
    n_false = 0
    for _ in range(400):
        family = {str(k): list(rng.normal(0, 1, 10)) for k in range(6)}
        n_false += any(one.p_holm < 0.05 for one in compare_family(family).values())
    assert n_false <= 35  # 20 expected; 35 is 3.4 standard deviations above


@pytest.mark.parametrize("values", [[], [1.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_what_cannot_be_compared_is_named(values: list[float]) -> None:
    with pytest.raises(ValueError, match="recall: need finite differences of two seeds"):
        compare_family({"recall": values})
