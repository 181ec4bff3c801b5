"""Which trials a choice takes, and the rounds and selections that they need."""

import pytest

from assets.experiment.plans import read_plan
from models.experiment.plan import Plan
from pipelines.commands.experiment_choice import Choice
from pipelines.commands.experiment_scenes import (
    refuse_unusable_data,
    scene_config,
    selection_text,
)
from tests.models.experiment.test_plan import PLAN

plan = Plan.model_validate(PLAN)


def test_everything_is_wanted_unless_something_is_named() -> None:
    assert Choice().trials(plan) == plan.trials()
    few = Choice(arms=("full",), seeds=(1,)).trials(plan)
    assert [trial.key for trial in few] == [
        "deeplab_miniature/full/1",
        "mask2former_miniature/full/1",
    ]


def test_scenes_are_asked_for_seed_by_seed_and_each_once() -> None:
    assert Choice().selections(plan) == [
        ("full", n_variants, seed) for seed in range(3) for n_variants in (1, 2)
    ]
    assert Choice().rounds(plan) == [("full", 0), ("full", 1), ("full", 2)]
    assert Choice(arms=("baseline", "paste")).rounds(plan) == []


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        (Choice(arms=("ful",)), "need arms of the plan, baseline, paste, full, full_2x, got ful"),
        (Choice(architectures=("resnet",)), "need networks of the plan"),
        (Choice(seeds=(3,)), "need seeds of the plan, 0, 1, 2, got 3"),
        (Choice(arms=("paste",), architectures=("mask2former_miniature",)), "has such arms"),
    ],
)
def test_what_the_plan_does_not_have_is_named(choice: Choice, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        choice.trials(plan)


def test_a_round_is_drawn_with_the_most_variants_that_an_arm_needs() -> None:
    config = scene_config(plan.data["full"], n_variants=plan.n_variants_of("full"))
    assert config["ops"]["scene_requests"]["config"] == {"n_variants": 2, "max_attempts": 2}
    assert config["ops"]["synthetic_scenes"]["config"] == {}


def test_a_selection_names_its_round_and_how_many_scenes_of_a_frame() -> None:
    text = selection_text(plan, "full", 2, 1)
    assert 'rounds = ["exp-small-full-1"]' in text
    assert "max_variants = 2" in text


def test_data_that_the_assets_cannot_make_are_refused_before_anything_runs() -> None:
    refuse_unusable_data(plan)
    wrong = {"data": {"full": {"requests": {"max_attempts": 0}}}}
    with pytest.raises(ValueError, match=r"data\.full\.requests\.max_attempts: .* got 0"):
        refuse_unusable_data(Plan.model_validate({**PLAN, **wrong}))


def test_the_shipped_plan_can_be_made() -> None:
    shipped = read_plan("miniature")
    refuse_unusable_data(shipped)
    assert len(Choice().trials(shipped)) == 180
