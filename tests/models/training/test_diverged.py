from dataclasses import replace

import pytest

from models.divergence import DivergedError
from models.training.published import PUBLISHED
from tests.models.training.toys import (
    ToyBatches,
    changed,
    toy_batch,
    toy_config,
    toy_trainer,
    weights_of,
)


class Poisoned(ToyBatches):
    """One pair whose image makes the loss no number."""

    def __call__(self, stage, epoch, n_skipped):
        for number, batch in enumerate(super().__call__(stage, epoch, n_skipped), start=n_skipped):
            is_it = (epoch, number) == (1, 1)
            yield NotANumber(**vars(batch)) if is_it else batch


class NotANumber(type(toy_batch(0))):
    def normalized(self):
        images = super().normalized()
        images[0, 0, 3, 4] = float("nan")
        return images


@pytest.mark.parametrize("n_between_looks", [1, 2, 100])
def test_a_loss_that_is_no_number_names_its_samples_and_changes_nothing(n_between_looks):
    sound = toy_trainer()
    steps = iter(sound)
    for _ in range(4):
        next(steps)
    before = sound.state_dict()
    trainer = toy_trainer(batches=Poisoned(), n_between_looks=n_between_looks)
    with pytest.raises(DivergedError, match="at step 5, of the pairs pair") as caught:
        list(trainer)
    poisoned = list(Poisoned()(0, 1, 0))[1]
    assert caught.value.sample_ids == poisoned.sample_ids
    assert poisoned.sample_ids[0] in str(caught.value)
    assert changed(before.network, weights_of(trainer)) == set()
    if n_between_looks < 100:  # else stage 2 has begun meanwhile, with the same weights
        (name,) = before.optimizer
        assert changed(before.optimizer[name], trainer._run.slots[name]) == set()
    with pytest.raises(DivergedError):  # no checkpoint of it
        trainer.state_dict()
    with pytest.raises(DivergedError):
        next(iter(trainer))
    trainer.load_state_dict(sound.state_dict())
    with pytest.raises(DivergedError, match="at step 5"):
        list(trainer)


def test_masks_that_cannot_be_matched_name_their_pair():
    stage = replace(PUBLISHED["mask2former_miniature"].stages[1], n_epochs=1)
    config = toy_config("mask2former_miniature", (stage,))
    batch = NotANumber(**vars(toy_batch(0, n_pairs=2)))
    trainer = toy_trainer(config, lambda *_: iter([batch]))
    before = weights_of(trainer)
    with pytest.raises(DivergedError, match=r"pair0-0.*diverged") as caught:
        list(trainer)
    assert caught.value.sample_ids == ("pair0-0",)
    assert changed(before, weights_of(trainer)) == set()
