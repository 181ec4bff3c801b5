"""Train on the known classes, step by step. Imports torch."""

from collections.abc import Generator, Iterator, Sequence
from math import isfinite
from time import perf_counter

import torch
from torch import Tensor

from assets.closed_set.frames import read_frames
from assets.closed_set.names import ASSET
from assets.closed_set.order import ClosedSetOrder
from assets.devices import device_of, prepare_device
from assets.engine.outcome import Outcome
from assets.engine.progress import Log, with_progress
from models.divergence import DivergedError
from models.metrics import Classes, mean_iou
from models.segmentation import load_segmenter
from models.segmentation.closed_set import (
    ClosedSetConfig,
    closed_set_confusion,
    copy_class_layer,
    train_closed_set,
)
from storage.records import Frame
from storage.training_records import ClosedSetStep


class ClosedSetTraining:
    """One training of fresh weights in this process; it writes nothing.

    Attributes:
        network: with what was learned so far.
        config: of the steps, with a batch and a crop that fit the frames.
        size: height and width of the frames.
        confusion: of the held-out frames by the last score; None before the first.
    """

    def __init__(self, order: ClosedSetOrder) -> None:
        """Read the frames and draw the weights.

        Raises:
            BadFileError: if a photograph or label cannot be used.
            ValueError: if torch cannot use the device.
        """
        device = device_of(order.device)
        prepare_device(device)
        self._order = order
        self._learned, self._scored = _tensors(order, order.learned), _tensors(order, order.scored)
        _, height, width = self._learned[1].shape
        self.size = (int(height), int(width))
        self.config = _steps_config(order, self.size)
        self._n_steps_an_epoch = len(order.learned) // self.config.batch_size
        network = load_segmenter(order.architecture, seed=self.config.seed)
        self.network = network.to(device).to(memory_format=torch.channels_last)
        self.confusion: Classes | None = None

    def run(self, log: Log | None = None) -> tuple[ClosedSetStep, ...]:
        """Train to the end; gives the last step of every epoch.

        The layer behind the OOD score ends as a copy of the class layer, as the method begins.

        Raises:
            DivergedError: if the loss is no number any more.
        """
        steps = tuple(self._logged_steps(log))
        copy_class_layer(self.network)
        return steps

    def _logged_steps(self, log: Log | None) -> Iterator[ClosedSetStep]:
        losses: list[Tensor] = []
        began = perf_counter()
        for outcome in with_progress(self._outcomes(), self.config.n_steps, log=log, label=ASSET):
            losses += [] if outcome.value is None else [outcome.value]
            if outcome.item % self._n_steps_an_epoch == 0:
                loss, seconds = float(torch.stack(losses).mean()), perf_counter() - began
                yield self._logged(outcome.item, loss, seconds / len(losses))
                losses, began = [], perf_counter()

    def _outcomes(self) -> Generator[Outcome[int, Tensor], None, None]:
        with torch.random.fork_rng():
            torch.manual_seed(self.config.seed)  # dropout draws from torch's own generator
            steps = train_closed_set(self.network, *self._learned, self.config)
            for step, loss in enumerate(steps, start=1):
                yield Outcome(key=str(step), item=step, value=loss, error=None)

    def _logged(self, step: int, loss: float, seconds: float) -> ClosedSetStep:
        if not isfinite(loss):
            raise DivergedError(
                f"{ASSET}, step {step}: need a loss that is a number, got {loss}; choose a lower "
                "learning_rate"
            )
        n_epochs, every = step // self._n_steps_an_epoch, self._order.config.n_epochs_between_scores
        is_scored = n_epochs % every == 0 or step == self.config.n_steps
        return ClosedSetStep(
            training=self._order.training,
            step=step,
            epoch=n_epochs - 1,
            loss=loss,
            mean_iou=self._score() if is_scored else None,
            seconds=seconds,
        )

    def _score(self) -> float:
        self.confusion = closed_set_confusion(self.network, *self._scored)
        return mean_iou(self.confusion)


def _tensors(order: ClosedSetOrder, frames: Sequence[Frame]) -> tuple[Tensor, Tensor]:
    images, labels = read_frames(order.data_root, frames, order.config.short_side_px)
    return torch.from_numpy(images), torch.from_numpy(labels)


def _steps_config(order: ClosedSetOrder, size: tuple[int, int]) -> ClosedSetConfig:
    """Epochs as steps; a batch and a crop are no larger than what there is."""
    wished = order.config
    batch_size = min(wished.batch_size, len(order.learned))
    crop = (min(wished.crop_px, size[0]), min(wished.crop_px, size[1]))
    return ClosedSetConfig(
        n_steps=wished.n_epochs * (len(order.learned) // batch_size),
        batch_size=batch_size,
        learning_rate=wished.learning_rate,
        weight_decay=wished.weight_decay,
        seed=wished.seed,
        crop=crop if wished.crop_px else None,
        class_balance=wished.class_balance,
    )
