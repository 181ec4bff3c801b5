"""What the benchmark of the miniature world makes of a network's answers, and what it refuses."""

import numpy as np
import pytest
import torch

from benchmarks.miniature_difficulty import Frames, measure, predict, read_options
from models.segmentation.network import IMAGENET_MEAN, IMAGENET_STD, Segmenter, SegmenterOutput
from storage.label_space import OOD_ID, VOID_ID

N_FRAMES, SIZE = 10, (4, 6)
"""More than one batch."""


class ReadsRed(Segmenter):
    """The class of a pixel is its red; the more green, the surer it is."""

    class_layer, ood_layer = "none", "none"

    def forward(self, images):
        mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
        red, green, _ = (images * std + mean).mul(255).round().unbind(1)
        logits = torch.full((len(images), 19, *images.shape[2:]), -9.0)
        logits.scatter_(1, red.long()[:, None], green[:, None])
        return SegmenterOutput(logits, torch.zeros_like(red))


def frames(seed, wrong_frac=0.0):
    """Frames whose red is the label, but for a share of the pixels, where it is the next class."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 19, (N_FRAMES, *SIZE)).astype(np.uint8)
    images = draw.integers(100, 200, (N_FRAMES, *SIZE, 3)).astype(np.uint8)
    is_wrong = draw.random(labels.shape) < wrong_frac
    images[..., 0] = np.where(is_wrong, (labels + 1) % 19, labels)
    return Frames(images, labels)


def test_classes_and_scores_are_those_of_the_largest_logit():
    given = frames(0)
    classes, scores = predict(ReadsRed(), given, "cpu")
    np.testing.assert_array_equal(classes, given.labels)
    np.testing.assert_array_equal(scores, -given.images[..., 1].astype(np.float32))


@pytest.fixture
def world():
    """Unknown objects are where the network is least sure; the two conditions lose points."""
    anomaly = frames(4)
    anomaly.labels[:, 1, 2:4] = OOD_ID
    anomaly.images[:, 1, 2:4, 1] = 5
    parts = {"training conditions": frames(1), "night": frames(2, 0.5), "fog": frames(3, 0.2)}
    parts["training conditions"].labels[:, 0] = VOID_ID
    return {"train": frames(5, 1), "road anomaly": anomaly, **parts}


def test_the_numbers_follow_from_the_answers(world):
    numbers = measure(ReadsRed(), world, "cpu")
    assert numbers["miou"] == 1
    assert numbers["max_logit_ap"] == 1  # the other sign would give about the share of OOD pixels
    assert numbers["ood_frac"] == pytest.approx(2 / 24)
    by_condition = numbers["miou_by_condition"]
    assert list(by_condition) == ["training conditions", "night", "fog"]
    assert by_condition["night"] < numbers["shifted_miou"] < by_condition["fog"] < 1
    assert numbers["loss_points"] == pytest.approx(100 * (1 - numbers["shifted_miou"]))
    assert set(numbers["class_iou"].values()) == {1.0}


def test_sure_unknown_objects_are_missed(world):
    world["road anomaly"].images[:, 1, 2:4, 1] = 250
    assert measure(ReadsRed(), world, "cpu")["max_logit_ap"] < 0.2


def test_the_options_of_the_page_are_good(tmp_path):
    options = read_options(["--json", str(tmp_path / "n.json"), "--device", "cpu", "--steps", "5"])
    assert options.steps == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--train-frames", "7"], "need --train-frames of 8 or more, got 7"),
        (["--steps", "0"], "need --steps of 1 or more, got 0"),
        (["--seed", "-1"], "need --seed of 0 or more, got -1"),
        (["--processes", "0"], "need --processes of 1 or more, got 0"),
        (["--others-frac", "0"], "need --others-frac above 0"),
        (["--device", "abacus"], "need a device that torch can use as --device, got abacus"),
        (["--json", "none/n.json"], "need a file in a folder that exists as --json"),
        (["--weights", "."], "need a file in a folder that exists as --weights"),
    ],
)
def test_a_bad_option_ends_before_anything_is_rendered(tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        read_options(words)
    assert caught.value.code == 2
    assert told in capsys.readouterr().err
