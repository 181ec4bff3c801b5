"""A small track of SegmentMeIfYouCan with labeled and hidden images, and a checkpoint of nobody."""

from pathlib import Path

import numpy as np

from models.segmentation import load_segmenter
from storage.datasets.smiyc import write_smiyc_frame
from storage.weights import write_weights

ARCHITECTURE = "deeplab_miniature"
LABELED = ("validation_1", "validation_2", "validation_3")
HIDDEN = ("cow_1", "cow_2")
SIZES = {"validation_1": (40, 64), "validation_2": (48, 56)}


def size_of(name):
    return SIZES.get(name, (40, 64))


def write_track(root: Path) -> None:
    """RoadAnomaly21 with images of two sizes: a bright object on noise, and void around."""
    for number, name in enumerate((*LABELED, *HIDDEN)):
        rng = np.random.default_rng(number)
        height, width = size_of(name)
        image = rng.integers(0, 120, (height, width, 3), dtype=np.uint8)
        ood = np.zeros((height, width), np.uint8)
        ood[10:26, 20:40] = 1
        ood[:4] = 255
        image[ood == 1] += 100
        write_smiyc_frame(
            root / "dataset_AnomalyTrack",
            track="road_anomaly_21",
            name=name,
            image=image,
            ood=ood if name in LABELED else None,
        )


def write_checkpoint(path: Path, *, seed: int = 1) -> Path:
    """Random weights of the miniature network, as `multishift convert-checkpoint` writes them."""
    state = load_segmenter(ARCHITECTURE, seed=seed).published_state()
    arrays = {key: tensor.numpy() for key, tensor in state.items()}
    write_weights(path, arrays, {"architecture": ARCHITECTURE})
    return path
