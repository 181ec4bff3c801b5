"""Who may be at a training: one step, and one worker that it sends the training to."""

from contextlib import AbstractContextManager

from assets.segmenters.item import TrainingItem
from storage.turns import turn

IN_STEP, ON_WORKER = "step", "worker"

WAIT_S = 120.0
"""Longest wait for a former life of the training, which ends within seconds once it is alone."""


def training_turn(item: TrainingItem, place: str) -> AbstractContextManager[None]:
    """Turn at the work folder of an item in one of the two places.

    A step holds its turn until rows are committed and the folder is removed. A worker has a turn
    of its own, for it may outlive the step that asked.
    """
    folder = item.folder
    return turn(folder.with_name(f".{folder.name}.{place}"), wait_s=WAIT_S)
