import pytest
import torch

from models.losses.shared_hinge import shared_hinge
from storage.label_space import OOD_ID, VOID_ID

TARGET = torch.tensor([[[0, 1, VOID_ID, 3]], [[5, OOD_ID, 2, 3]]])
SCORE = torch.tensor([[[1.0, 0.0, 0.0, 4.0]], [[4.0, 9.0, 9.0, 4.5]]])


@pytest.mark.parametrize(
    ("is_tolerance", "expected"), [(True, (3 - 1 + 0) / 2), (False, (3 + 1 + 0.5 + 1) / 2)]
)
def test_worked_by_hand(is_tolerance, expected):
    """Two places are known in both, with rises of 3 and 0.5."""
    found = shared_hinge(SCORE, TARGET < 99, margin=1.0, is_tolerance=is_tolerance)
    assert float(found) == expected


def test_gradient_pushes_the_generated_score_down_to_the_original():
    score = SCORE.clone().requires_grad_()
    (slope,) = torch.autograd.grad(
        shared_hinge(score, TARGET < 99, margin=1.0, is_tolerance=True), score
    )
    assert slope.tolist() == [[[-0.5, 0, 0, 0]], [[0.5, 0, 0, 0]]]


def test_no_shared_pixel_gives_zero_even_where_scores_are_no_numbers():
    score = torch.full((2, 1, 4), torch.nan, requires_grad=True)
    nowhere = torch.zeros(2, 1, 4, dtype=torch.bool)
    found = shared_hinge(score, nowhere, margin=1.0, is_tolerance=True)
    (slope,) = torch.autograd.grad(found, score)
    assert float(found.detach()) == 0
    assert not slope.any()
