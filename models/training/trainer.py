"""The loop that trains a segmenter in stages, and that can be stopped and continued.

A continued training ends in the very weights of one left alone, on the CPU to the last bit: a step
is a function of the weights, the optimizer's slots, the batches and the number of the step.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from models.training.config import TrainingConfig
from models.training.launch import Launch, OneProcess
from models.training.objectives import TOTAL, Objective
from models.training.parameters import parameter_groups
from models.training.stage_run import StageRun
from models.training.state import Progress, TrainingState, copied, refuse_other
from models.training.watch import Watch
from models.training_data import PairBatch


@runtime_checkable
class Batches(Protocol):
    """Where the batches of a training come from: the same ones whenever they are asked for."""

    def __call__(self, stage: int, epoch: int, n_skipped: int) -> Iterator[PairBatch]:
        """This process's batches of an epoch, without the first `n_skipped`.

        Stages and epochs count from 0, epochs through all stages.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class StepReport:
    """One step that was taken.

    Attributes:
        step: number of the step, from 1.
        stage: of the step, from 0.
        epoch: of the step, from 0 through all stages.
        terms: parts of the loss by name, `total` among them; the mean over the step's batches of
            this process. Scalars on the device: reading one waits for it.
        gradient_norm: before it was cut; a scalar on the device.
        rate: learning rate of the stage, before the factors of its parts.
        sample_ids: of the pairs that this process learned from.
    """

    step: int
    stage: int
    epoch: int
    terms: dict[str, Tensor]
    gradient_norm: Tensor
    rate: float
    sample_ids: tuple[str, ...]


class Trainer:
    """A segmenter in training; iterating takes the steps that are left and reports each.

    An epoch's last batches are left out where they do not fill a step of `n_accumulated`. The
    gradient of a step is the mean of its batches' gradients. So it is that of one large batch
    where the loss is a mean over equally many pixels of each, as the cross-entropy of the
    originals is; it is not where the smallest losses are selected, pixels are drawn for the hinges
    or segments are counted, which every batch does by itself.

    From a step on whose loss or gradient is not finite, no step changes a weight or the optimizer:
    a flag on the device sees to it, and the host looks at the flag every `n_between_looks` steps.
    Only with other `norms` than frozen, statistics go on with every pass.

    Attributes:
        config: of all stages.
        progress: of the steps taken.
    """

    def __init__(
        self,
        objective: Objective,
        config: TrainingConfig,
        batches: Batches,
        launch: Launch | None = None,
        *,
        n_between_looks: int = 20,
    ) -> None:
        """Begin the first stage.

        Args:
            objective: the loss, with the network on the device where it trains.
            config: of all stages.
            batches: what is learned from.
            launch: of the processes that train together; None trains alone.
            n_between_looks: steps after which the host waits for the device to learn whether all
                was finite. Nothing else here waits on a GPU but the matching of masks.

        Raises:
            ValueError: if a stage names parameters that the network does not have, or
                `n_between_looks` is less than 1.
        """
        if n_between_looks < 1:
            raise ValueError(f"need n_between_looks of 1 or more, got {n_between_looks}")
        self._n_between_looks = n_between_looks
        self.config, self.progress = config, Progress()
        self._objective, self._batches = objective, batches
        self._launch: Launch = OneProcess() if launch is None else launch
        network = objective.network
        for stage in config.stages:
            parameter_groups(network, stage)  # a late stage is refused now, not then
        if config.is_channels_last:
            network.to(memory_format=torch.channels_last)
        self._device = next(network.parameters()).device
        self._watch = Watch(self._device)
        self._run = self._begin()

    def __iter__(self) -> Iterator[StepReport]:
        """Take a step for each report, from where the training is to its end.

        Raises:
            DivergedError: at a look, naming the first step that was not finite and its samples.
            ValueError: if an epoch has not one step's batches.
        """
        self._watch.look()
        while self.progress.epoch < self.config.n_epochs:
            if self.config.stage_at(self.progress.epoch) != self._run.stage_index:
                self._run = self._begin()
            for batches in self._steps_left():
                report = self._step(batches)
                if report.step % self._n_between_looks == 0:
                    self._watch.look()
                yield report
            self.progress = replace(self.progress, epoch=self.progress.epoch + 1, n_batches=0)
        self._watch.look()

    def state_dict(self) -> TrainingState:
        """Everything that a step changes, as copies on the CPU.

        Raises:
            DivergedError: if a step since the last look was not finite.
        """
        self._watch.look()
        network = self._objective.network.published_state()
        return TrainingState(
            config=self.config,
            progress=self.progress,
            network={name: copied(tensor) for name, tensor in network.items()},
            optimizer={
                name: {slot: copied(value) for slot, value in slots.items()}
                for name, slots in self._run.slots.items()
            },
        )

    def load_state_dict(self, state: TrainingState) -> None:
        """Continue where the state was taken.

        Raises:
            ValueError: if it is of another configuration or network; nothing is then changed.
        """
        network = self._objective.network
        refuse_other(state, self.config, network)
        network.load_published_state(state.network)
        self.progress = state.progress
        self._watch = Watch(self._device)
        self._run = self._begin()
        self._run.restore_slots(state.optimizer)

    def _begin(self) -> StageRun:
        stage_index = self.config.stage_at(self.progress.epoch)
        return StageRun(self._objective, self.config, stage_index, self._launch)

    def _steps_left(self) -> Iterator[list[PairBatch]]:
        """The batches of each step that the epoch still has."""
        progress, n_accumulated = self.progress, self.config.n_accumulated
        left = iter(self._batches(self._run.stage_index, progress.epoch, progress.n_batches))
        while len(batches := list(islice(left, n_accumulated))) == n_accumulated:
            yield batches
        if self.progress.n_batches == 0:
            raise ValueError(
                f"need {n_accumulated} batches or more in epoch {progress.epoch}, got "
                f"{len(batches)}; take a smaller batch_size or n_accumulated, or more samples"
            )

    def _step(self, batches: list[PairBatch]) -> StepReport:
        done = self.progress
        sample_ids = tuple(name for batch in batches for name in batch.sample_ids)
        terms = self._run.gradients(batches, done.n_steps)
        self._watch.name_step(done.n_steps + 1, sample_ids)
        gradient_norm = self._run.update(terms[TOTAL], self._watch)
        self.progress = replace(
            done, n_batches=done.n_batches + len(batches), n_steps=done.n_steps + 1
        )
        return StepReport(
            step=self.progress.n_steps,
            stage=self._run.stage_index,
            epoch=done.epoch,
            terms=terms,
            gradient_norm=gradient_norm,
            rate=self.config.stages[self._run.stage_index].learning_rate,
            sample_ids=sample_ids,
        )
