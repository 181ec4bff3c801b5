"""Small networks, pairs and settings to train in a test."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from models.seeding import derive_seed
from models.segmentation.architectures import build
from models.segmentation.closed_set import copy_class_layer
from models.training.config import StageConfig, TrainingConfig
from models.training.objectives import make_objective
from models.training.published import PUBLISHED
from models.training.trainer import Trainer
from models.training_data import PairBatch

SIZE = (33, 65)

STAGES = (
    StageConfig(trainable=("ood_head",), n_epochs=2, learning_rate=1e-2, weight_decay=1e-4),
    StageConfig(
        trainable=("aspp", "bot_fine", "bot_aspp", "ood_head"), n_epochs=2, learning_rate=1e-3
    ),
)


def toy_config(architecture="deeplab_miniature", stages=STAGES, **changes) -> TrainingConfig:
    usual = {"batch_size": 1, "is_channels_last": False}
    return replace(PUBLISHED[architecture], stages=stages, **{**usual, **changes})


def toy_batch(seed, n_pairs=1, size=SIZE) -> PairBatch:
    """Noise over two classes, an unknown object in each image, some void."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 90, (2 * n_pairs, 3, *size), dtype=torch.uint8, generator=generator)
    targets = torch.zeros(2 * n_pairs, *size, dtype=torch.uint8)
    targets[:, : size[0] // 2] = 10
    targets[:, :, :2] = 255
    for row, target in enumerate(targets):
        top, left = torch.randint(2, 17, (2,), generator=generator).tolist()
        target[top : top + 12, left : left + 24] = 254
        images[row, 0, top : top + 12, left : left + 24] = 250
    images[:, 2, : size[0] // 2] += 100
    ids = tuple(f"pair{seed}-{number}" for number in range(n_pairs))
    return PairBatch(images=images, targets=targets, sample_ids=ids)


class ToyBatches:
    """Three batches an epoch, a function of the epoch alone; it says what was asked for."""

    def __init__(self, n_batches=3, n_pairs=1):
        self.n_batches, self.n_pairs, self.asked = n_batches, n_pairs, []

    def __call__(self, stage: int, epoch: int, n_skipped: int) -> Iterator[PairBatch]:
        self.asked.append((stage, epoch, n_skipped))
        for number in range(n_skipped, self.n_batches):
            yield toy_batch(derive_seed(epoch, number) % 1000, self.n_pairs)


def toy_trainer(config=None, batches=None, n_between_looks=1, **changes) -> Trainer:
    config = config or toy_config(**changes)
    network = build(config.architecture, seed=3)
    copy_class_layer(network)
    objective = make_objective(network, config)
    return Trainer(objective, config, batches or ToyBatches(), n_between_looks=n_between_looks)


def weights_of(trainer) -> dict[str, torch.Tensor]:
    """Copies by published name."""
    state = trainer._objective.network.published_state()
    return {name: tensor.clone() for name, tensor in state.items()}


def changed(before, after) -> set[str]:
    """Names of tensors that are not the same to the last bit."""
    return {name for name in before if not torch.equal(before[name], after[name])}
