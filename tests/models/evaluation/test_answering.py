"""What a network says about a photograph."""

import numpy as np
import pytest
import torch

from models.evaluation.answering import answer_photograph, scores_of
from models.scores import baseline_score
from models.segmentation import load_segmenter, normalize

PHOTO = np.random.default_rng(0).integers(0, 255, (40, 52, 3), np.uint8)


@pytest.mark.parametrize("architecture", ["deeplab_miniature", "mask2former_miniature"])
def test_every_score_that_a_network_has(architecture):
    network, names = load_segmenter(architecture), scores_of(architecture)
    has_masks = architecture.startswith("mask2former")
    assert ("rba" in names) == has_masks
    answer = answer_photograph(network, PHOTO, names, has_masks=has_masks)
    with torch.no_grad():
        output = network(normalize(torch.from_numpy(PHOTO)[None]))
    assert (answer.predicted == output.logits[0].argmax(0).numpy()).all()
    assert tuple(answer.scores) == names
    assert (answer.scores["learned"] == output.ood_score[0].numpy()).all()
    for name in names[1:]:
        wanted = baseline_score(name, output.logits, has_masks=has_masks)[0].numpy()
        assert answer.scores[name].dtype == np.float32
        assert (answer.scores[name] == wanted).all()


def test_precision_is_left_as_it_was():
    torch.set_float32_matmul_precision("high")
    try:
        network = load_segmenter("deeplab_miniature")
        answer_photograph(network, PHOTO, ("energy",), has_masks=False)
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_what_is_not_defined_is_refused():
    network = load_segmenter("deeplab_miniature")
    with pytest.raises(ValueError, match="mask networks alone"):
        answer_photograph(network, PHOTO, ("rba",), has_masks=False)
    with pytest.raises(ValueError, match="got 'sharpness'"):
        answer_photograph(network, PHOTO, ("sharpness",), has_masks=False)
