"""The curve of a training: its logged steps as lines of a file, which people may follow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from storage.lines import append_line, replace_lines, whole_lines
from storage.training_records import TrainingStep

CURVE = "curve.jsonl"

Facts: TypeAlias = Mapping[str, Any]
"""A logged step as JSON has it: the fields of `TrainingStep`, and how fast and how far it is."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """The selection score after a step."""

    step: int
    stage: int
    epoch: int
    average_precision: float
    mean_iou: float


class Curve:
    """Writes logged steps to ``curve.jsonl`` of a work folder.

    Attributes:
        former: the steps that are in it when the training goes on.
    """

    def __init__(self, folder: Path, *, n_steps: int) -> None:
        """Go on after ``n_steps`` steps; lines of later ones are cut off."""
        self._path = folder / CURVE
        steps: list[Facts] = [json.loads(line) for line in whole_lines(self._path)]
        self.former = tuple(facts for facts in steps if facts["step"] <= n_steps)
        replace_lines(self._path, map(json.dumps, self.former))

    def add(self, facts: Facts) -> None:
        """Append a step; it is in the file when this returns."""
        append_line(self._path, json.dumps(facts))


def read_steps(folder: Path, training: str) -> tuple[TrainingStep, ...]:
    """Rows of the logged steps of a work folder, in their order."""
    return tuple(_step(json.loads(line), training) for line in whole_lines(folder / CURVE))


def told(line: str) -> str:
    """A line of the file as people read it."""
    step = json.loads(line)
    score = step["average_precision"]
    scored = "" if score is None else f"; held out: AP {score:.4f}, mIoU {step['mean_iou']:.4f}"
    return (
        f"step {step['step']}, stage {step['stage'] + 1}, epoch {step['epoch'] + 1}: "
        f"loss {step['loss']:.4f}, {step['seconds']:.3g} s/step{scored}"
    )


def _step(facts: Facts, training: str) -> TrainingStep:
    terms: dict[str, float] = facts["terms"]
    return TrainingStep(
        training=training,
        step=facts["step"],
        stage=facts["stage"],
        epoch=facts["epoch"],
        loss=facts["loss"],
        term_names=tuple(terms),
        term_values=tuple(terms.values()),
        gradient_norm=facts["gradient_norm"],
        rate=facts["rate"],
        seconds=facts["seconds"],
        average_precision=facts["average_precision"],
        mean_iou=facts["mean_iou"],
    )
