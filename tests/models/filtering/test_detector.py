import numpy as np
import torch

from models.filtering import detect
from models.segmentation import load_segmenter, normalize


def test_the_maps_are_those_of_the_segmenter():
    network = load_segmenter("deeplab_miniature", seed=1)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3), dtype=np.uint8)
    maps = detect(network, images)
    with torch.no_grad():
        output = network(normalize(torch.from_numpy(images)))
    assert np.array_equal(maps.classes, output.logits.argmax(1))
    assert np.array_equal(maps.ood_score, output.ood_score)
    assert maps.ood_score.dtype == np.float32
    for view in (images[::-1], images):
        view.flags.writeable = False
        assert detect(network, view).classes.shape == (2, 32, 48)
    assert network.final[6].weight.requires_grad
