"""What TensorBoard shows of a training: a copy of its curve, with pictures of its scores."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from assets.segmenters.curve import Facts
from assets.segmenters.item import TrainingItem
from storage.event_files import EventFile, StepEvent
from storage.images import write_png


class Shown:
    """Keeps the event file of a training equal to its curve.

    It is made anew from the curve when a training goes on, so that no step is shown twice; the
    pictures wait in the work folder for that.
    """

    def __init__(self, item: TrainingItem, former: tuple[Facts, ...]) -> None:
        """Show the steps that a former life left, and those to come."""
        self._folder = item.folder
        events = (event_of(facts, item.folder) for facts in former)
        self._file = EventFile(Path(item.tensorboard), events) if item.tensorboard else None

    @property
    def has_viewer(self) -> bool:
        """Whether anything is shown."""
        return self._file is not None

    def keep_picture(self, step: int, sheet: UInt8[np.ndarray, "_ _ 3"]) -> None:
        """Take the picture of a step, which is shown when the step is added."""
        write_png(_picture_path(self._folder, step), sheet)

    def add(self, facts: Facts) -> None:
        """Show a step of the curve."""
        if self._file is not None:
            self._file.add(event_of(facts, self._folder))


def event_of(facts: Facts, folder: Path) -> StepEvent:
    """A step of a curve as TensorBoard shows it, with the picture that its work folder has."""
    numbers = {f"loss/{name}": term for name, term in facts["terms"].items()} | {
        "optimizer/gradient_norm": facts["gradient_norm"],
        "optimizer/rate": facts["rate"],
        "progress/stage": facts["stage"] + 1,
        "progress/epoch": facts["epoch"] + 1,
        "progress/images_per_second": facts["n_images_a_step"] / facts["seconds"],
    }
    if facts["average_precision"] is not None:
        numbers["held_out/average_precision"] = facts["average_precision"]
        numbers["held_out/mean_iou"] = facts["mean_iou"]
    path = _picture_path(folder, facts["step"])
    pictures = {"held_out/ood_score": path.read_bytes()} if path.is_file() else {}
    return StepEvent(step=facts["step"], unix_s=facts["unix_s"], numbers=numbers, pictures=pictures)


def _picture_path(folder: Path, step: int) -> Path:
    return folder / f"scores-{step:08d}.png"
