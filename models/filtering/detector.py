"""What a segmenter says of generated images, as the maps that the filter scores."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from models.segmentation.network import Segmenter, normalize


class DetectorMaps(NamedTuple):
    """Answers for a batch of images, pixel by pixel.

    Attributes:
        classes: train id of the best class, 0 to 18.
        ood_score: higher is further out of distribution.
    """

    classes: UInt8[np.ndarray, "batch height width"]
    ood_score: Float32[np.ndarray, "batch height width"]


def detect(network: Segmenter, images: UInt8[np.ndarray, "batch height width 3"]) -> DetectorMaps:
    """Classes and OOD scores of RGB images, computed where the network lies.

    The network must be in evaluation mode.
    """
    device = next(network.parameters()).device
    with torch.inference_mode():
        # A copy: decoded pictures are often read-only, and turned color orders run backwards.
        batch = torch.from_numpy(np.array(images, order="C")).to(device)
        logits, ood_score = network(normalize(batch))
        classes = logits.argmax(1).to(torch.uint8)
    return DetectorMaps(classes.cpu().numpy(), ood_score.float().cpu().numpy())
