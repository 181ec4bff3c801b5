"""Held-out frames: whole ones, the same for all trainings, and mostly when a set grows."""

import pytest

from assets.segmenters.item import HeldOut
from assets.segmenters.splitting import held_out_frames, split_pairs
from assets.selecting.dataset import TrainingPairs
from tests.assets.segmenters.conftest import NAME

NAMES = [f"lisbon_{number:06d}_000019" for number in range(200)]


def held(frac=0.1, max_frames=50):
    return HeldOut(frac=frac, max_frames=max_frames, every_n_epochs=1)


def test_no_scene_of_a_held_out_frame_is_learned_from(made):
    rows = TrainingPairs.open(made / "store", made / "data", NAME).rows
    split = split_pairs(rows, held(0.4))
    learned = {rows[index].frame_id for index in split.learned}
    scored = [rows[index].frame_id for index in split.scored]
    assert tuple(sorted(scored)) == split.frame_ids
    assert len(split.frame_ids) == 2
    assert not learned & set(scored)
    assert len(learned) == 3
    left_out = [row for row in rows if row.frame_id in scored]
    assert len(split.learned) + len(left_out) == len(rows)


@pytest.mark.parametrize(
    ("n_names", "wish", "n_held"),
    [(200, held(), 20), (200, held(max_frames=7), 7), (3, held(), 1), (2, held(0.99), 1)],
)
def test_how_many_are_held_out(n_names, wish, n_held):
    assert len(held_out_frames(NAMES[:n_names], wish)) == n_held


def test_a_set_that_grows_keeps_most_of_its_held_out_frames():
    small, large = (set(held_out_frames(NAMES[:n], held())) for n in (190, 200))
    assert len(small & large) >= len(small) - 2
    assert held_out_frames(reversed(NAMES), held()) == held_out_frames(NAMES, held())


def test_one_frame_cannot_be_both():
    with pytest.raises(ValueError, match=r"need two frames or more, .* got 1"):
        held_out_frames(NAMES[:1] * 5, held())
