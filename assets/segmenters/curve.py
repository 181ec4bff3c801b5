"""The curve of a training: its logged steps as lines of a file, which people may follow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.training_records import TrainingStep

CURVE = "curve.jsonl"


@dataclass(frozen=True, kw_only=True)
class Score:
    """The selection score after a step."""

    step: int
    stage: int
    epoch: int
    average_precision: float
    mean_iou: float


class Curve:
    """Writes logged steps to ``curve.jsonl`` of a work folder."""

    def __init__(self, folder: Path, *, n_steps: int) -> None:
        """Go on after ``n_steps`` steps; lines of later ones are cut off."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / CURVE
        kept = [line for line in whole_lines(self._path) if json.loads(line)["step"] <= n_steps]
        staged = self._path.with_suffix(".part")
        staged.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        staged.replace(self._path)

    def add(self, facts: Mapping[str, Any]) -> None:
        """Append a step; it is in the file when this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")


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


def whole_lines(path: Path) -> list[str]:
    """Lines of a curve, none where it is not there; one that a death cut off is passed over."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def _step(facts: Mapping[str, Any], training: str) -> TrainingStep:
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
