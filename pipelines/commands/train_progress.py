"""How far a training is, in the terminal: a bar of its steps, and a line for every score."""

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from assets.segmenters.committing import rows_or_none
from assets.segmenters.curve import read_steps
from assets.segmenters.item import TrainingItem
from assets.segmenters.names import ASSET
from assets.segmenters.order import TrainingOrder
from assets.segmenters.splitting import split_pairs
from assets.selecting.samples import TABLE
from storage.manifests.schemas import to_records
from storage.store import Store
from storage.training_records import TrainingPair, TrainingStep

LOOK_EVERY_S = 0.5


@contextmanager
def shown_progress(order: TrainingOrder, store: Store) -> Iterator[None]:
    """Follow the curve of a training while the context is open.

    It is read from the work folder, so that it does not matter which process trains; what was not
    seen there before the folder was removed, from the rows that are committed then.
    """
    was_done = bool(_committed(order, store))
    with _terminal() as stream:
        console = Console(file=stream, highlight=False, soft_wrap=True)
        shown = _Shown(order, _steps(order, store), console)
        is_over = threading.Event()

        def follow() -> None:
            while not is_over.wait(LOOK_EVERY_S):
                shown.look()

        thread = threading.Thread(target=follow, daemon=True)
        with shown.bar:
            thread.start()
            try:
                yield
            finally:
                is_over.set()
                thread.join()
                shown.look()
                if not was_done:
                    shown.tell(_committed(order, store))


class _Shown:
    """What was told of a training so far."""

    def __init__(self, order: TrainingOrder, n_steps: int, console: Console) -> None:
        self._item: TrainingItem = order.item
        stages = self._item.wish.configuration["stages"]
        self._n_epochs = sum(stage["n_epochs"] for stage in stages)
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._console, self._n_steps = console, n_steps
        self._seen = max((step.step for step in self._read()), default=0)
        self._task = self.bar.add_task("steps", total=n_steps, completed=self._seen)
        if self._seen:
            console.print(f"  going on: {self._seen} of {n_steps} steps are logged")

    def look(self) -> None:
        """Tell of the steps in the work folder."""
        self.tell(self._read())

    def tell(self, steps: tuple[TrainingStep, ...]) -> None:
        """Tell of the steps that are new: all that were scored, and the newest by the bar."""
        new = [step for step in steps if step.step > self._seen]
        for step in new:
            if step.average_precision is not None:
                self._console.print(f"  {self._told(step)}")
        if new:
            self._seen = new[-1].step
            loss = f"epoch {new[-1].epoch + 1}, loss {new[-1].loss:.4f}"
            self.bar.update(self._task, completed=self._seen, description=loss)

    def _read(self) -> tuple[TrainingStep, ...]:
        return read_steps(self._item.folder, self._item.wish.training)

    def _told(self, step: TrainingStep) -> str:
        place = f"epoch {step.epoch + 1}/{self._n_epochs}, step {step.step}/{self._n_steps}"
        score = f"AP {step.average_precision:.4f}, mIoU {step.mean_iou:.4f}"
        return f"{place}: loss {step.loss:.4f}; held out: {score}"


def _steps(order: TrainingOrder, store: Store) -> int:
    """Steps of the whole training, as its batches are cut."""
    wish = order.item.wish
    config = wish.configuration
    rows = to_records(store.manifests.rows(order.sources[0], TABLE), TrainingPair)
    n_pairs = config["batch_size"] * config["n_accumulated"] * wish.n_processes
    n_steps = len(split_pairs(rows, wish.held_out).learned) // int(n_pairs)
    return n_steps * sum(int(stage["n_epochs"]) for stage in config["stages"])


def _committed(order: TrainingOrder, store: Store) -> tuple[TrainingStep, ...]:
    """Steps of the training in the store; none before it is finished."""
    wish = order.item.wish
    version = store.manifests.latest(ASSET, wish.selection)
    return rows_or_none(version, store).of_training(wish.training).steps if version else ()


@contextmanager
def _terminal() -> Iterator[TextIO]:
    """Standard error as it is now: a step sends it into Dagster's log."""
    try:
        kept = os.dup(sys.stderr.fileno())
    except (io.UnsupportedOperation, ValueError):  # no file, as in a notebook or a test
        yield sys.stderr
        return
    with os.fdopen(kept, "w", encoding="utf-8") as stream:
        yield stream
