"""The trainings of the experiment, in this process: the known classes first, then pairs.

Imports torch. Nothing is held out and no step is chosen: a training ends with its last one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from assets.experiment.configurations import StartConfig
from assets.experiment.item import TrialItem
from assets.experiment.pictures import objects_of, pairs_of, photographs
from assets.segmenters.batches import EpochBatches, Share, VisitedPairs
from assets.worker_store import store_of_item
from models.divergence import DivergedError
from models.losses.mask2former import CLOSED_SET_LOSS, mask2former_loss
from models.segmentation import Segmenter, load_segmenter
from models.segmentation.closed_set import (
    ClosedSetConfig,
    ClosedSetLoss,
    copy_class_layer,
    train_closed_set,
)
from models.segmentation.mask2former import Mask2Former
from models.training.config import config_from_json
from models.training.objectives import TOTAL, make_objective
from models.training.trainer import StepReport, Trainer


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedTrial:
    """A finished training.

    Attributes:
        network: with its last weights.
        n_pairs: pairs, or photographs, that it learned from.
        n_steps: of the optimizer.
        last_loss: mean of the loss over the last epoch.
        seconds: from the first step to the last.
    """

    network: Segmenter
    n_pairs: int
    n_steps: int
    last_loss: float
    seconds: float


def train_start(item: TrialItem) -> TrainedTrial:
    """Learn the known classes from photographs, with random weights and draws of the seed.

    The layer behind the OOD score ends as a copy of the class layer, as the method begins.

    Raises:
        BadFileError: if a photograph cannot be used.
        DivergedError: if the loss is no number any more.
        ValueError: if there are too few photographs.
    """
    images, labels = map(torch.from_numpy, photographs(item))
    wished = StartConfig.model_validate(_without(item.configuration, "seed"))
    config = _steps_config(wished, images.shape, item.seed)
    network = load_segmenter(item.architecture, seed=item.seed)
    network = network.to(item.device).to(memory_format=torch.channels_last)
    loss_of = _mask_loss(wished.n_points, item) if isinstance(network, Mask2Former) else None

    def losses() -> Iterable[Tensor]:
        with torch.random.fork_rng():
            torch.manual_seed(item.seed)  # dropout draws from torch's own generator
            yield from train_closed_set(network, images, labels, config, loss_of)

    n_last = len(images) // config.batch_size
    last_loss, seconds = _timed(losses, n_last, item)
    copy_class_layer(network)
    return TrainedTrial(
        network=network,
        n_pairs=len(images),
        n_steps=config.n_steps,
        last_loss=last_loss,
        seconds=seconds,
    )


def train_second(item: TrialItem) -> TrainedTrial:
    """Learn from pairs, beginning with the weights of the start.

    Raises:
        DivergedError: if a loss is not finite.
        ValueError: if start, pairs or objects are missing, damaged, or others than were named.
    """
    config, pairs = config_from_json(item.configuration), pairs_of(item)
    network = _start_network(item).to(item.device)
    batches = EpochBatches(
        VisitedPairs(pairs, objects_of(item), config),
        range(len(pairs)),
        config,
        share=Share(),
        is_pinned=item.device.startswith("cuda"),
    )
    trainer = Trainer(make_objective(network, config), config, batches)

    def losses() -> Iterable[Tensor]:
        report: StepReport
        for report in trainer:
            yield report.terms[TOTAL]

    last_loss, seconds = _timed(losses, batches.n_steps, item)
    return TrainedTrial(
        network=network,
        n_pairs=len(pairs),
        n_steps=trainer.progress.n_steps,
        last_loss=last_loss,
        seconds=seconds,
    )


def _timed(
    losses: Callable[[], Iterable[Tensor]], n_last: int, item: TrialItem
) -> tuple[float, float]:
    """Mean of the last losses and the seconds that all took; the steps are taken here."""
    began = perf_counter()
    taken = list(losses())
    last = float(torch.stack(taken[-n_last:]).mean())  # waits for the device
    if not isfinite(last):
        raise DivergedError(
            f"{item.architecture}, {item.arm}, seed {item.seed}: need a loss that is a number, got "
            f"{last}; choose a lower learning_rate in the plan"
        )
    return last, perf_counter() - began


def _steps_config(wished: StartConfig, shape: torch.Size, seed: int) -> ClosedSetConfig:
    """Epochs as steps; a batch and a crop are no larger than what there is."""
    n_images, height, width = shape[:3]
    batch_size = min(wished.batch_size, n_images)
    crop = (min(wished.crop_px, height), min(wished.crop_px, width))
    return ClosedSetConfig(
        n_steps=wished.n_epochs * (n_images // batch_size),
        batch_size=batch_size,
        learning_rate=wished.learning_rate,
        weight_decay=wished.weight_decay,
        seed=seed,
        is_mixed=wished.is_mixed,
        crop=crop if wished.crop_px else None,
        class_balance=wished.class_balance,
    )


def _mask_loss(n_points: int, item: TrialItem) -> ClosedSetLoss:
    """Mask2Former's own criterion on the predictions of every layer."""
    generator = torch.Generator(item.device).manual_seed(item.seed)
    config = replace(CLOSED_SET_LOSS, n_points=n_points)

    def loss_of(network: Segmenter, images: Tensor, target: Tensor) -> Tensor:
        if not isinstance(network, Mask2Former):
            raise TypeError(f"need a network with masks, got {type(network).__name__}")
        return mask2former_loss(
            network.predict_every_layer(images),
            target,
            stride=network.config.mask_stride,
            config=config,
            generator=generator,
        ).total

    return loss_of


def _start_network(item: TrialItem) -> Segmenter:
    store = store_of_item(item.store_root, item.single_writer)
    if item.start_sha256 is None:
        raise ValueError(f"{item.arm}, seed {item.seed}: need the weights of its start, got none")
    content = store.blobs.get(item.start_sha256)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "start.safetensors"
        path.write_bytes(content)
        return load_segmenter(item.architecture, path)


def _without(plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key != name}
