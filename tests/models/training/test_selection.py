import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch import nn

from models.metrics import class_iou, confusion_matrix
from models.segmentation.architectures import build
from models.segmentation.network import Segmenter, SegmenterOutput, normalize
from models.training.selection import ood_score_of, selection_score

GENERATOR = np.random.default_rng(0)


def held_out(size):
    image = GENERATOR.integers(0, 256, (*size, 3), dtype=np.uint8)
    label = GENERATOR.choice(np.array([0, 1, 10, 254, 255], np.uint8), size)
    return image, label


@pytest.fixture(scope="module")
def network():
    return build("deeplab_miniature", seed=0)


def test_the_score_of_one_image_is_that_of_evaluation(network):
    image, _ = held_out((33, 65))
    with torch.no_grad():
        wanted = network(normalize(torch.from_numpy(image)[None])).ood_score[0].numpy()
    network.train()
    found = ood_score_of(network, image)
    assert network.training
    network.eval()
    assert np.array_equal(found, wanted)


def test_score_equals_the_metrics_over_all_pixels_of_images_of_any_size(network):
    labeled = [held_out((33, 65)), held_out((40, 48))]
    scores, truth, confusion = [], [], 0
    for image, label in labeled:
        with torch.no_grad():
            output = network(normalize(torch.from_numpy(image)[None]))
        scores.append(output.ood_score[0].numpy()[label < 255])
        truth.append(label[label < 255] == 254)
        confusion = confusion + confusion_matrix(label, output.logits[0].argmax(0).numpy())
    found = selection_score(network, iter(labeled))
    wanted = average_precision_score(np.concatenate(truth), np.concatenate(scores))
    assert found.average_precision == pytest.approx(wanted, rel=1e-9)
    assert found.mean_iou == pytest.approx(class_iou(confusion)[[0, 1, 10]].mean(), rel=1e-9)
    assert found.n_images == 2


class Knowing(Segmenter):
    """Reads class and unknown off the colors."""

    def __init__(self):
        super().__init__()
        self.only = nn.Parameter(torch.zeros(()))

    def forward(self, images):
        is_bright = images[:, 0] > 0
        logits = torch.zeros(len(images), 19, *images.shape[2:])
        logits[:, 5] = images[:, 1]
        return SegmenterOutput(logits, is_bright.float())


def test_a_network_that_knows_has_full_marks():
    label = np.full((4, 6), 5, np.uint8)
    label[1:3, 2:4] = 254
    image = np.zeros((4, 6, 3), np.uint8)
    image[..., 1] = 255
    image[label == 254, 0] = 255
    found = selection_score(Knowing(), [(image, label)])
    assert (found.average_precision, found.mean_iou) == (1, 1)


def test_modes_are_left_as_they_were(network):
    network.aspp.train()
    before = [module.training for module in network.modules()]
    with pytest.raises(ValueError, match="need OOD pixels"):
        selection_score(network, [(held_out((33, 65))[0], np.zeros((33, 65), np.uint8))])
    assert [module.training for module in network.modules()] == before
    network.eval()


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (np.zeros((3, 3), np.uint8), r"image 1: need a label of \(33, 65\), got \(3, 3\)"),
        (np.full((33, 65), 33, np.uint8), "image 1: need labels of 0 to 18, 254 and 255, got 33"),
    ],
)
def test_bad_labels_are_refused(network, label, message):
    with pytest.raises(ValueError, match=message):
        selection_score(network, [held_out((33, 65)), (held_out((33, 65))[0], label)])


def test_no_image_is_refused(network):
    with pytest.raises(ValueError, match="need held-out images to score, got none"):
        selection_score(network, [])
