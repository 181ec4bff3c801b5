import numpy as np
import pytest
import torch
from torch import nn

from models.generation.training.fit import FitConfig
from models.generation.training.segmenters import (
    FEATURE_CONFIG,
    JUDGE_CONFIG,
    build_street_segmenter,
    detector_fit,
    predict_classes,
    segmenter_fit,
    with_ood_class,
)
from models.segmentation.architectures import build
from models.segmentation.network import normalize
from storage.label_space import OOD_ID


@pytest.fixture(scope="module")
def streets():
    """Red is road, green is sky, blue an unknown object, on a blank that is void."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 4, (8, 2, 4)).repeat(16, 1).repeat(16, 2)
    colors = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [90, 90, 90]], np.uint8)
    labels = np.array([0, 10, OOD_ID, 255], np.uint8)
    return torch.from_numpy(colors[kinds]), torch.from_numpy(labels[kinds])


CONFIG = FitConfig(n_steps=40, batch_size=4, learning_rate=5e-3, n_warm_up=4)


def test_a_street_segmenter_learns_the_unknown_as_a_class_of_its_own(streets):
    images, labels = streets
    network = build_street_segmenter(FEATURE_CONFIG, seed=0)
    fit = segmenter_fit(network, images, labels, CONFIG)
    losses = [float(loss) for loss in fit]
    fit.finish()
    assert losses[-1] < 0.3 * losses[0]
    classes, features = predict_classes(network, images)
    wanted = with_ood_class(labels)
    assert set(wanted.unique().tolist()) == {0, 10, 19, 255}
    is_known = wanted < 20
    assert (classes[is_known] == wanted[is_known]).float().mean() > 0.8
    assert features.shape == (8, FEATURE_CONFIG.decoder_width)


def test_what_is_predicted_is_what_the_network_says(streets):
    network = build_street_segmenter(JUDGE_CONFIG, seed=1).eval()
    with torch.no_grad():
        logits = network(normalize(streets[0]))
    assert logits.shape == (8, 20, 32, 64)
    assert torch.equal(predict_classes(network, streets[0])[0].long(), logits.argmax(1))


def test_judge_and_feature_segmenter_are_different_networks():
    shapes = [
        {key: value.shape for key, value in build_street_segmenter(c, seed=0).state_dict().items()}
        for c in (FEATURE_CONFIG, JUDGE_CONFIG)
    ]
    assert shapes[0] != shapes[1]
    assert not any("ood_head" in key for key in shapes[0])


def test_the_detector_learns_classes_and_scores(streets):
    images, labels = streets
    network = build("deeplab_miniature", seed=0)
    fit = detector_fit(network, images, labels, CONFIG)
    losses = [float(loss) for loss in fit]
    fit.finish()
    assert losses[-1] < 0.5 * losses[0]
    with torch.no_grad():
        logits, score = network(normalize(images))
    assert score[labels == OOD_ID].mean() > score[labels < 19].mean() + 1
    known = labels < 19
    assert (logits.argmax(1)[known] == labels[known]).float().mean() > 0.8
    assert all(m.p == 0 for m in network.modules() if isinstance(m, nn.Dropout2d))
