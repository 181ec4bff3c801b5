"""A few outputs of both miniature networks, kept in this repository.

They guard the code that the published networks share with them where the large golden files are not
at hand. Weights follow from their names by the rule of `tests.golden`. After a wanted change
`python -m tests.models.segmentation.test_golden_miniatures` writes the file anew.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.segmentation.architectures import build, shapes
from tests.golden import golden_tensor

FILE = Path(__file__).with_name("golden_miniatures.json")
NAMES = ["deeplab_miniature", "mask2former_miniature"]
SIZE = (45, 83)
MAX_ERROR = 2e-4
"""Of the range of the kept values."""


def golden_network(name):
    network = build(name, seed=0)
    needed = shapes(network.published_state())
    network.load_published_state({key: golden_tensor(key, needed[key]) for key in needed})
    return network


@torch.inference_mode()
def kept_values(network):
    """Logits of some classes and the OOD score on a grid of 4x5 pixels, corners included."""
    draw = np.random.RandomState(7).standard_normal((1, 3, *SIZE))
    image = torch.from_numpy(draw).to(next(network.parameters()).dtype)
    logits, ood_score = network(image)
    rows, columns = (torch.linspace(0, n - 1, k).long() for n, k in zip(SIZE, (4, 5), strict=True))
    return {
        "logits": logits[0, [0, 7, 18]][:, rows][:, :, columns],
        "ood_score": ood_score[0, rows][:, columns],
    }


def largest_error(found, name):
    """Largest difference of the kept values, as a share of their range."""
    errors = []
    for part, expected in json.loads(FILE.read_text())[name].items():
        expected = torch.tensor(expected)
        errors.append((found[part] - expected).abs().max() / (expected.max() - expected.min()))
    return float(max(errors))


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_the_kept_ones(name):
    network = golden_network(name)
    error = largest_error(kept_values(network), name)
    print(f"{name}: {error:.1e} of the range")
    assert error < MAX_ERROR
    # What rounding can change lies far below: the file holds on other machines too.
    assert largest_error(kept_values(network.double()), name) < MAX_ERROR / 4


def write():
    values = {name: kept_values(golden_network(name)) for name in NAMES}
    rounded = {
        name: {part: np.round(v.numpy().astype(float), 6).tolist() for part, v in parts.items()}
        for name, parts in values.items()
    }
    FILE.write_text(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    write()
