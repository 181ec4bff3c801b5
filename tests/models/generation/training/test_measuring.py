"""Networks that say what is in the pictures' colors, so that every figure can be worked by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from models.filtering import Thresholds
from models.filtering.sam.segmenter import BoxMasks, SamSegmenter
from models.generation.training.conditions import ConditionClassifier
from models.generation.training.measuring import (
    Instruments,
    MeasuredScenes,
    faithfulness,
    filter_figures,
    judged,
    ood_threshold,
)
from models.generation.training.segmenters import JUDGE_CONFIG, StreetSegmenter
from models.segmentation.network import IMAGENET_MEAN, IMAGENET_STD, Segmenter, SegmenterOutput
from storage.label_space import OOD_ID

SIZE = (8, 16)


def levels(images):
    mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
    return (images * std + mean).mul(255).round()


class ReadsRed(StreetSegmenter):
    """The class of a pixel is its red."""

    def __init__(self):
        super().__init__(JUDGE_CONFIG)
        self.classes = nn.Identity()

    def features(self, images):
        red = levels(images)[:, 0].long()
        return nn.functional.one_hot(red, 20).permute(0, 3, 1, 2).float()


class ReadsCorner(ConditionClassifier):
    """The condition is the green of the first pixel."""

    def forward(self, images):
        return nn.functional.one_hot(levels(images)[:, 1, 0, 0].long(), 10).float()


class ScoresBlue(Segmenter):
    """The OOD score of a pixel is its blue."""

    class_layer, ood_layer = "none", "none"

    def __init__(self):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(()))

    def forward(self, images):
        blue = levels(images)[:, 2]
        return SegmenterOutput(torch.zeros(len(images), 19, *images.shape[2:]), blue)


class FindsRed(SamSegmenter):
    """In every box the mask is where the red says unknown."""

    def __init__(self):
        super().__init__(nn.Identity(), architecture="none")

    def masks_in_boxes(self, images, boxes):
        answers = []
        for image, of_image in zip(images, boxes, strict=True):
            masks = np.zeros((len(of_image), *SIZE), bool)
            for mask, box in zip(masks, of_image, strict=True):
                x0, y0, x1, y1 = map(int, box)
                inside = np.s_[y0 : y1 + 1, x0 : x1 + 1]
                mask[inside] = image[inside][..., 0] == 19
            answers.append(BoxMasks(masks, np.ones(len(of_image), np.float32)))
        return answers


@pytest.fixture(scope="module")
def tools():
    judge, classifier = ReadsRed().eval(), ReadsCorner().eval()
    return Instruments(judge=judge, classifier=classifier, sam=FindsRed(), detector=ScoresBlue())


@pytest.fixture
def scenes():
    """Sky above road; an object of 2x4 pixels in all but the last of four scenes."""
    labels = np.zeros((4, *SIZE), np.uint8)
    labels[:, :4] = 10
    instances = np.zeros_like(labels)
    labels[:3, 5:7, 2:6], instances[:3, 5:7, 2:6] = OOD_ID, 1
    images = np.zeros((4, *SIZE, 3), np.uint8)
    images[..., 0] = np.where(labels == OOD_ID, 19, labels)
    images[..., 2] = np.where(labels == OOD_ID, 200, 50)
    conditions = np.array([0, 3, 5, 9])
    images[:, 0, 0, 1] = conditions
    return MeasuredScenes(images=images, labels=labels, instances=instances, conditions=conditions)


THRESHOLDS = Thresholds(min_ood_score=100.0, min_iou=0.7)


def test_rendered_pictures_are_faithful_and_pass(scenes, tools):
    found = judged(scenes.images, tools)
    faithful = faithfulness(scenes.images, found, scenes, tools)
    assert faithful.miou == 1
    assert faithful.condition_agreement == 1
    assert faithful.class_iou["unknown object"] == 1
    assert faithful.class_iou["car"] is None
    figures = filter_figures(scenes.images, found, scenes, tools, THRESHOLDS)
    assert figures.n_attempts == 3  # the last scene shows no object
    assert figures.passed_frac == 1
    assert figures.ood_iou == 1
    assert figures.reasons == {}


def test_what_differs_costs_what_it_should(scenes, tools):
    images = scenes.images.copy()
    images[0, 5:7, 2:6, 0] = 0  # the object is missing
    images[1, ..., 2] = 50  # it does not look unknown
    images[2, 0, 0, 1] = 4  # another weather
    images[3, 7, 14:, 0] = 19  # something unknown where nothing was wanted
    found = judged(images, tools)
    faithful = faithfulness(images, found, scenes, tools)
    assert faithful.condition_agreement == 0.75
    assert faithful.class_iou["unknown object"] == pytest.approx(16 / (24 + 2))
    n_road = 4 * 4 * 16 - 24
    assert faithful.class_iou["road"] == pytest.approx((n_road - 2) / (n_road + 8))
    figures = filter_figures(images, found, scenes, tools, THRESHOLDS)
    assert figures.passed_frac == pytest.approx(1 / 3)
    assert figures.reasons == {"empty_mask": 1, "not_ood": 1}
    assert figures.ood_iou == 1


def test_the_label_is_compared_with_what_the_judge_sees_anywhere(scenes, tools):
    images = scenes.images.copy()
    images[:, 7, :8, 0] = 19  # eight more pixels that the judge calls unknown
    figures = filter_figures(images, judged(images, tools), scenes, tools, THRESHOLDS)
    assert figures.ood_iou == pytest.approx(8 / 16)


def test_nothing_that_passes_has_no_figure(scenes, tools):
    never = Thresholds(min_ood_score=1e6)
    figures = filter_figures(scenes.images, judged(scenes.images, tools), scenes, tools, never)
    assert (figures.passed_frac, figures.ood_iou) == (0.0, None)


def test_the_threshold_is_a_quantile_of_known_pixels(scenes, tools):
    assert ood_threshold(scenes, tools.detector, quantile=0.95) == pytest.approx(50, rel=1e-3)


def test_features_are_means_over_the_picture(scenes, tools):
    features = judged(scenes.images, tools).features
    assert features.shape == (4, 20)
    assert features[0, 19] == pytest.approx(8 / 128)
