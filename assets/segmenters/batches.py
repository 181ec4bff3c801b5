"""Batches of pairs for the training loop: read, transformed and collated by loader processes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from typing import Protocol

import cv2
from torch.utils.data import DataLoader, Dataset

from models.training.config import TrainingConfig
from models.training_data import (
    Pair,
    PairBatch,
    PastedObject,
    TransformedPair,
    collate,
    epoch_order,
    sample_seed,
    transform_pair,
)

Visit = tuple[int, int]
"""Epoch, and index of the row that is visited in it."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """Which batches a process takes: every `n_processes`-th, from its own number on."""

    process_index: int = 0
    n_processes: int = 1


class PairSource(Protocol):
    """Pairs by number, wherever they lie."""

    def pair(self, index: int) -> Pair:
        """A pair; ValueError where it cannot be read."""


class VisitedPairs(Dataset[TransformedPair | ValueError]):
    """Pairs by visit, transformed by the seed of the visit; what cannot be read is its error.

    torch would spell an error that a loader process raises with a page of traceback around it.
    """

    def __init__(
        self, pairs: PairSource, objects: Sequence[PastedObject], config: TrainingConfig
    ) -> None:
        """Pairs of a training set, and what is pasted into their originals."""
        self._pairs, self._objects, self._config = pairs, objects, config

    def __getitem__(self, visit: Visit) -> TransformedPair | ValueError:
        """The pair of a visit."""
        epoch, index = visit
        try:
            return transform_pair(
                self._pairs.pair(index),
                self._objects,
                self._config.transform,
                seed=sample_seed(self._config.seed, epoch, index),
            )
        except (OSError, ValueError) as error:
            return ValueError(str(error))


class EpochBatches:
    """This process's batches of any epoch, a `models.training.trainer.Batches`.

    A batch is a function of the seed, the epoch and its number in the epoch, so that a training
    may begin anywhere. Pairs that do not fill a batch for every process are left out; the order of
    the next epoch leaves out others.
    """

    def __init__(
        self,
        visited: VisitedPairs,
        indices: Sequence[int],
        config: TrainingConfig,
        *,
        share: Share,
        n_workers: int = 0,
        is_pinned: bool = False,
    ) -> None:
        """Prepare to read; loader processes start with the first epoch and stay.

        Args:
            visited: pairs.
            indices: of the rows that are learned from.
            config: its batch size and seed.
            share: of this process.
            n_workers: loader processes; 0 reads in this one.
            is_pinned: whether batches lie in memory from which a GPU copies by itself.

        Raises:
            ValueError: if the rows do not fill a step of all processes.
        """
        self._indices, self._config, self._share = tuple(indices), config, share
        self._refuse_few()
        self._wanted: list[list[Visit]] = []
        self._loader = DataLoader(
            visited,
            batch_sampler=self._wanted,  # looked at whenever an iteration begins
            num_workers=n_workers,
            collate_fn=_collated,
            persistent_workers=n_workers > 0,
            pin_memory=is_pinned,
            multiprocessing_context=_context(n_workers),
            worker_init_fn=_be_modest,
        )

    def _refuse_few(self) -> None:
        config, n_processes = self._config, self._share.n_processes
        needed = config.batch_size * config.n_accumulated * n_processes
        if len(self._indices) < needed:
            raise ValueError(
                f"need {needed} pairs or more for one step ({n_processes} processes, "
                f"n_accumulated {config.n_accumulated}, batch_size {config.batch_size}), got "
                f"{len(self._indices)}; take a smaller batch_size, or more scenes"
            )

    @property
    def n_steps(self) -> int:
        """Steps of an epoch."""
        return self._n_batches // self._config.n_accumulated

    @property
    def _n_batches(self) -> int:
        return len(self._indices) // (self._config.batch_size * self._share.n_processes)

    def __call__(self, stage: int, epoch: int, n_skipped: int) -> Iterator[PairBatch]:  # noqa: ARG002
        """Batches of an epoch without the first ones, which are not read.

        Raises:
            ValueError: naming the sample, if one cannot be read.
        """
        self._wanted[:] = self.visits(epoch)[n_skipped:]
        if not self._wanted:
            return
        for batch in self._loader:
            if isinstance(batch, ValueError):
                raise batch
            yield batch

    def visits(self, epoch: int) -> list[list[Visit]]:
        """The visits of each of this process's batches, in their order."""
        size, share = self._config.batch_size, self._share
        order = epoch_order(len(self._indices), seed=self._config.seed, epoch=epoch).tolist()
        n_all = self._n_batches * share.n_processes
        return [
            [(epoch, self._indices[place]) for place in order[number * size : (number + 1) * size]]
            for number in range(share.process_index, n_all, share.n_processes)
        ]


def _collated(pairs: Sequence[TransformedPair | ValueError]) -> PairBatch | ValueError:
    """The batch, or the error of its first pair that has one."""
    read = [pair for pair in pairs if not isinstance(pair, ValueError)]
    if len(read) < len(pairs):
        return next(pair for pair in pairs if isinstance(pair, ValueError))
    return collate(read)


def _context(n_workers: int) -> BaseContext | None:
    if not n_workers:
        return None
    # A server that imported this module once forks the workers: quick, and free of our threads.
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _be_modest(_: int) -> None:
    cv2.setNumThreads(0)  # a process a core is enough
