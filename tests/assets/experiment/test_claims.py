"""Claims: paired over common seeds, in families, and the headline only when it is whole."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from assets.experiment.claims import claims_of, families
from models.experiment.plan import Plan
from storage.experiment_records import ExperimentResult
from tests.assets.experiment.conftest import NETWORK, PLAN, TREE

N_SEEDS = 5
SLICES = ("all", "known", "unseen")
BENCHMARKS = ("road_anomaly", "acdc_poc", "acdc")
LEVEL = {"baseline": 0.3, "paste": 0.5, "full": 0.7}
FIVE = Plan.model_validate({**TREE, "n_seeds": N_SEEDS})


def row(arm, seed, benchmark, part="all", domain="all"):
    rng = np.random.default_rng([sorted(LEVEL).index(arm), seed, BENCHMARKS.index(benchmark)])
    good = LEVEL[arm] + rng.uniform(-0.02, 0.02)
    has_unknown, has_classes = benchmark != "acdc", benchmark != "road_anomaly"
    return ExperimentResult(
        plan=FIVE.digest,
        world="selection",
        architecture=NETWORK,
        arm=arm,
        seed=seed,
        benchmark=benchmark,
        domain=domain,
        slice=part,
        measurement="0",
        checkpoint_sha256="0" * 64,
        score="learned",
        n_images=1,
        n_in=1,
        n_ood=1,
        auroc=good if has_unknown else None,
        ap=good if has_unknown else None,
        fpr95=1 - good if has_unknown else None,
        f1_star=None,
        mean_iou=good if has_classes else None,
        mean_class_accuracy=None,
        pixel_accuracy=None,
        class_names=(),
        class_ious=(),
        world_seed=1,
        world_version="2",
        code_version="1",
    )


def rows(arms=tuple(LEVEL), n_seeds=N_SEEDS):
    return [
        row(arm, seed, benchmark, part)
        for arm in arms
        for seed in range(n_seeds)
        for benchmark in BENCHMARKS
        for part in SLICES
    ]


@pytest.fixture(scope="module")
def claims():
    return claims_of(FIVE, "selection", rows())


def headline(found):
    return [claim for claim in found if claim.is_headline]


def test_the_headline_is_the_family_of_the_plan(claims):
    found = headline(claims)
    assert [(one.against, one.metric) for one in found] == [
        (against, metric)
        for against in ("baseline", "paste")
        for metric in ("ap", "fpr95", "mean_iou")
    ]
    assert all(one.holds and one.n_pairs == N_SEEDS and one.slice == "all" for one in found)
    assert {one.benchmarks for one in found if one.metric == "ap"} == {("road_anomaly", "acdc_poc")}
    levels = sorted(one.level for one in found)
    assert levels == pytest.approx([1 - 0.05 / n for n in range(1, 7)])


def test_a_claim_is_the_paired_test_of_means_over_benchmarks(claims):
    (claim,) = [one for one in headline(claims) if (one.against, one.metric) == ("paste", "fpr95")]
    numbers = {
        arm: [
            np.mean([row(arm, seed, name).fpr95 for name in ("road_anomaly", "acdc_poc")])
            for seed in range(N_SEEDS)
        ]
        for arm in ("full", "paste")
    }
    test = stats.ttest_rel(numbers["full"], numbers["paste"])
    interval = test.confidence_interval(claim.level)
    assert claim.mean_arm == pytest.approx(np.mean(numbers["full"]))
    assert claim.mean_against == pytest.approx(np.mean(numbers["paste"]))
    assert claim.difference == pytest.approx(claim.mean_arm - claim.mean_against)
    assert claim.p_value == pytest.approx(test.pvalue)
    assert (claim.low, claim.high) == pytest.approx((interval.low, interval.high))
    assert claim.difference < 0
    assert claim.holds, "less is better"


def test_every_other_pair_is_a_family_of_its_own(claims):
    keys = [(c.architecture, c.arm, c.against, c.metric, c.slice) for c in claims]
    assert len(keys) == len(set(keys)) == 3 * 3 * 3  # pairs of arms, slices, metrics
    assert {frozenset((one.arm, one.against)) for one in claims} == {
        frozenset(pair) for pair in (("full", "baseline"), ("full", "paste"), ("paste", "baseline"))
    }
    others = [one for one in claims if not one.is_headline]
    assert {one.level for one in others} == {1 - 0.05 / n for n in (1, 2, 3)}
    assert all(len({one.metric for one in family}) == 3 for family in list(families(FIVE))[1:])


@pytest.mark.parametrize(
    "there", [rows(n_seeds=N_SEEDS - 1), rows(("baseline", "full"))], ids=["a seed", "an arm"]
)
def test_a_part_of_the_headline_holds_nothing(there):
    found = headline(claims_of(FIVE, "selection", there))
    assert found
    assert not any(one.holds for one in found)
    assert all(one.p_holm < 0.05 for one in found)


def test_seeds_that_one_arm_lacks_are_left_out():
    some = [one for one in rows() if (one.arm, one.seed) != ("paste", 2)]
    found = claims_of(FIVE, "selection", some)
    counts = {(one.arm, one.against): one.n_pairs for one in found}
    assert counts["full", "paste"] == counts["paste", "baseline"] == N_SEEDS - 1
    assert counts["full", "baseline"] == N_SEEDS
    few = [one for one in rows(n_seeds=2) if one.arm != "paste" or one.seed == 0]
    assert {(one.arm, one.against) for one in claims_of(PLAN, "selection", few)} == {
        ("full", "baseline")
    }


def test_domains_and_lost_numbers_do_not_count():
    clean = claims_of(FIVE, "selection", rows())
    noise = [replace(one, domain="fog", ap=0.0) for one in rows()]
    assert claims_of(FIVE, "selection", [*rows(), *noise]) == clean
    assert claims_of(FIVE, "selection", []) == ()
    holes = [replace(one, ap=None) if (one.arm, one.seed) == ("full", 0) else one for one in rows()]
    found = [one for one in claims_of(FIVE, "selection", holes) if one.metric == "ap"]
    assert {one.n_pairs for one in found if one.arm == "full"} == {N_SEEDS - 1}
