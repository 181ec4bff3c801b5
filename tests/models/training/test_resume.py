import random
from dataclasses import replace

import pytest
import torch

from models.losses.mask2former import STAGE_TWO_LOSS
from models.training.published import PUBLISHED
from models.training.state import from_tensors, to_tensors
from tests.models.training.toys import STAGES, ToyBatches, changed, toy_trainer, weights_of


@pytest.mark.parametrize("changes", [{}, {"n_accumulated": 2, "is_channels_last": True}])
@pytest.mark.parametrize("seed", [4])
def test_killed_and_continued_ends_in_the_same_weights(seed, changes):
    batches = ToyBatches(n_batches=4)
    whole = toy_trainer(batches=batches, **changes)
    n_steps = len(list(whole))
    stop = random.Random(seed).randrange(1, n_steps)
    state = saved_after(toy_trainer(batches=batches, **changes), stop)
    assert_continues_to(whole, state, batches, changes)


@pytest.mark.parametrize("stop", [5, 6, 7])  # before, at and after the border of the stages
def test_the_border_of_the_stages_is_crossed_whatever_the_resume_point(stop):
    batches = ToyBatches()
    whole = toy_trainer(batches=batches)
    list(whole)
    state = saved_after(toy_trainer(batches=batches), stop)
    learned = {key.split("/")[1] for key in state[0] if key.startswith("optimizer/")}
    assert (learned == {"ood_head.weight"}) == (stop <= 6)
    assert_continues_to(whole, state, batches, {})


def test_dropout_and_running_norms_continue_the_same():
    changes = {"stages": (replace(STAGES[1], norms="running"),)}
    whole = toy_trainer(**changes)
    list(whole)
    torch.manual_seed(99)
    mark = torch.get_rng_state()
    state = saved_after(toy_trainer(**changes), 2)
    assert torch.equal(torch.get_rng_state(), mark)  # nobody else's draws were disturbed
    assert_continues_to(whole, state, ToyBatches(), changes)


def saved_after(trainer, n_steps):
    """A state as a file would hold it, of a training that is given up."""
    for report in trainer:
        if report.step == n_steps:
            return to_tensors(trainer.state_dict())
    raise AssertionError


def assert_continues_to(whole, saved, batches, changes):
    fresh = toy_trainer(batches=batches, **changes)
    fresh.load_state_dict(from_tensors(*saved))
    n_left = sum(1 for _ in fresh)
    assert n_left == whole.progress.n_steps - saved[1]["progress"]["n_steps"]
    assert changed(weights_of(whole), weights_of(fresh)) == set()
    final, wanted = to_tensors(fresh.state_dict())[0], to_tensors(whole.state_dict())[0]
    assert changed(wanted, final) == set()


def test_a_resume_asks_only_for_the_batches_that_are_left():
    state = saved_after(toy_trainer(), 5)
    batches = ToyBatches()
    fresh = toy_trainer(batches=batches)
    fresh.load_state_dict(from_tensors(*state))
    list(fresh)
    assert batches.asked == [(0, 1, 2), (1, 2, 0), (1, 3, 0)]


def test_a_finished_training_has_no_steps_left():
    trainer = toy_trainer(stages=(replace(STAGES[0], n_epochs=1),))
    assert len(list(trainer)) == 3
    assert list(trainer) == []
    again = toy_trainer(stages=(replace(STAGES[0], n_epochs=1),))
    again.load_state_dict(trainer.state_dict())
    assert list(again) == []


def test_a_state_of_another_training_is_refused_and_nothing_changes():
    state = toy_trainer().state_dict()
    trainer = toy_trainer(seed=1)
    before = weights_of(trainer)
    with pytest.raises(ValueError, match="another configuration: seed 0 where 1 is needed"):
        trainer.load_state_dict(state)
    same = toy_trainer()
    other = dict(state.network)
    other["ood_head.weight"] = torch.zeros(3)
    with pytest.raises(ValueError, match=r"another network: ood_head.weight"):
        same.load_state_dict(replace(state, network=other))
    with pytest.raises(ValueError, match=r"got final\.6\.weight in it"):
        same.load_state_dict(replace(state, optimizer={"final.6.weight": {}}))
    assert changed(before, weights_of(same)) == set()


def test_mask2former_trains_in_both_stages_and_continues_the_same():
    published = PUBLISHED["mask2former_miniature"].stages
    stages = (
        replace(published[0], n_epochs=1),
        replace(published[1], n_epochs=1, mask_loss=replace(STAGE_TWO_LOSS, n_points=64)),
    )
    changes = {"architecture": "mask2former_miniature", "stages": stages}
    batches = ToyBatches(n_batches=2)
    whole = toy_trainer(batches=batches, **changes)
    before = weights_of(whole)
    reports = list(whole)
    assert "mask2former_classes" not in reports[0].terms
    assert float(reports[-1].terms["mask2former_classes"]) > 0
    moved = changed(before, weights_of(whole))
    assert all(key.startswith("sem_seg_head.") for key in moved)
    assert "sem_seg_head.predictor.class_embed.weight" in moved
    state = saved_after(toy_trainer(batches=batches, **changes), 3)
    assert_continues_to(whole, state, batches, changes)


def test_a_training_left_and_taken_up_again_is_the_same():
    whole, paused = toy_trainer(), toy_trainer()
    list(whole)
    for report in paused:
        if report.step == 5:
            break
    assert [report.step for report in paused] == list(range(6, 13))
    assert changed(weights_of(whole), weights_of(paused)) == set()
