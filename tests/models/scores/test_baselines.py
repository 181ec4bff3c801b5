import math

import pytest
import torch

from models.scores import BASELINES, baseline_score

EXPECTED = {
    "max_softmax": lambda z: 1 - max(math.exp(v) / sum(map(math.exp, z)) for v in z),
    "max_logit": lambda z: -max(z),
    "energy": lambda z: -math.log(sum(map(math.exp, z))),
    "entropy": lambda z: (
        -sum(
            math.exp(v) / sum(map(math.exp, z)) * math.log(math.exp(v) / sum(map(math.exp, z)))
            for v in z
        )
    ),
    "rba": lambda z: -sum(math.tanh(v) for v in z),
}


@pytest.mark.parametrize("name", BASELINES)
def test_each_pixel_is_scored_by_the_definition(name):
    logits = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    scores = baseline_score(name, logits, has_masks=True)
    assert scores.shape == (2, 3, 4)
    for image in range(2):
        for row in range(3):
            for column in range(4):
                expected = EXPECTED[name](logits[image, :, row, column].tolist())
                assert scores[image, row, column].item() == pytest.approx(expected)


@pytest.mark.parametrize("name", BASELINES)
def test_a_pixel_that_no_class_wants_scores_higher(name):
    logits = torch.zeros(1, 19, 1, 2)
    logits[0, 3, 0, 0] = 0.9
    known, unknown = baseline_score(name, logits, has_masks=True)[0, 0]
    assert unknown > known


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_large_logits_of_any_type_give_finite_float32_scores(name, dtype):
    logits = torch.tensor([[3e4, -3e4, 0.0]], dtype=dtype)[:, :, None, None]
    scores = baseline_score(name, logits, has_masks=True)
    assert scores.dtype == torch.float32
    assert scores.isfinite().all()


def test_bad_input():
    logits = torch.zeros(1, 19, 2, 2)
    with pytest.raises(ValueError, match=r"need one of max_softmax, .*, got 'odin'"):
        baseline_score("odin", logits, has_masks=False)
    with pytest.raises(ValueError, match=r"got the shape \(19, 2, 2\)"):
        baseline_score("energy", logits[0], has_masks=False)
    with pytest.raises(ValueError, match="rba is defined for mask networks alone"):
        baseline_score("rba", logits, has_masks=False)
