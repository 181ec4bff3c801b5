"""What a plan lets pass, the trials that follow from it, and its digest."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.experiment.plan import Plan, merged

PLAN: dict[str, Any] = {
    "name": "small",
    "worlds": {
        "training": {"n_train": 4, "seed": 0},
        "selection": {"n_train": 2, "seed": 1},
        "report": {"n_train": 2, "seed": 2},
    },
    "n_seeds": 3,
    "data": {"full": {"requests": {"max_attempts": 2}}},
    "arms": {
        "baseline": {"title": "known", "score": "energy"},
        "paste": {"title": "paste", "data": "photographs"},
        "full": {"title": "full", "data": "full"},
        "full_2x": {"title": "full twice", "data": "full", "n_variants": 2},
    },
    "networks": {
        "deeplab_miniature": {"seconds": 60},
        "mask2former_miniature": {"seconds": 30, "arms": ["baseline", "full"]},
    },
    "headline": {
        "architecture": "deeplab_miniature",
        "arm": "full",
        "against": ["baseline"],
        "metrics": ["ap", "mean_iou"],
        "unknown": ["road_anomaly"],
        "shifted": ["acdc"],
    },
}


def test_trials_go_seed_by_seed_through_all_networks_and_arms() -> None:
    keys = [trial.key for trial in Plan.model_validate(PLAN).trials()]
    assert len(keys) == 3 * (4 + 2) == len(set(keys))
    assert keys[:6] == [
        *(f"deeplab_miniature/{arm}/0" for arm in ("baseline", "paste", "full", "full_2x")),
        *(f"mask2former_miniature/{arm}/0" for arm in ("baseline", "full")),
    ]


def test_cost_and_variants_follow_from_the_trials() -> None:
    plan = Plan.model_validate({**PLAN, "n_at_once": 2})
    assert plan.minutes() == pytest.approx(3 * (4 * 60 + 2 * 30) / 2 / 60)
    assert plan.n_variants_of("full") == 2
    assert plan.headline.benchmarks_of("ap") == ("road_anomaly",)
    assert plan.headline.benchmarks_of("mean_iou") == ("acdc",)


def test_every_change_changes_the_digest() -> None:
    plan = Plan.model_validate(PLAN)
    assert plan.digest == Plan.model_validate(dict(reversed(PLAN.items()))).digest
    assert plan.digest != Plan.model_validate({**PLAN, "n_seeds": 4}).digest


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"arms": {**PLAN["arms"], "other": {"title": "o", "data": "none"}}}, "data of the arm"),
        ({"networks": {"deeplab_miniature": {"seconds": 1, "arms": ["fulll"]}}}, "need as arm"),
        ({"headline": {**PLAN["headline"], "arm": "best"}}, "arm of the headline"),
        ({"headline": {**PLAN["headline"], "architecture": "x"}}, "architecture of the headline"),
        ({"worlds": {**PLAN["worlds"], "report": {"n_train": 2, "seed": 1}}}, "different seeds"),
        ({"arms": {**PLAN["arms"], "baseline": {"title": "b", "n_variants": 2}}}, "no variants"),
        ({"sedes": 3}, "sedes"),
        ({"n_seeds": 1}, "n_seeds"),
        ({"name": "Two Words"}, "name"),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Plan.model_validate({**PLAN, **change})


def test_trees_are_merged_by_key_and_lists_replaced() -> None:
    base = {"loss": {"a": 1, "b": [1, 2]}, "c": 3}
    assert merged(base, {"loss": {"b": [5]}, "d": {"e": 1}}) == {
        "loss": {"a": 1, "b": [5]},
        "c": 3,
        "d": {"e": 1},
    }
    assert base["loss"] == {"a": 1, "b": [1, 2]}
