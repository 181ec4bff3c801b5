"""What `benchmarks/miniature_difficulty.py --json` measured: a Markdown table, a bar chart."""

import json
from collections.abc import Callable, Sequence
from io import BytesIO
from math import isnan
from pathlib import Path
from typing import Any

from draw_grid import TRAINED
from PIL import Image

from models.miniature import WORLD_VERSION

Run = dict[str, Any]

BARS = {"miou": (0.65, 1.0), "loss_points": (15.0, 100.0), "max_logit_ap": (0.10, 0.50)}
"""What the world must show; as in the benchmark, which a test compares."""

_SHIFTED = (96, 112, 140)
_BASE = (190, 190, 196)
_PAPER = "#faf9f6"


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """The runs that the files hold, one a file.

    Raises:
        ValueError: if a file is of another world than this one, or the runs differ in their frames.
    """
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    for path, run in zip(paths, runs, strict=True):
        version = run["world"]["version"]
        if version != WORLD_VERSION:
            raise ValueError(f"{path}: need numbers of world {WORLD_VERSION}, got world {version}")
        if run["world"] != runs[0]["world"]:
            raise ValueError(f"{path}: need the frames of {paths[0]}, got {run['world']}")
    return runs


def difficulty_table(runs: Sequence[Run]) -> str:
    """Each number as its mean over the runs, with the range and what the world must show."""
    first = runs[0]
    rows = [
        _row("mIoU, training conditions", runs, lambda run: run["miou"], "0.65 or more"),
        _row("mIoU, shifted conditions together", runs, lambda run: run["shifted_miou"]),
        _row("loss, points of mIoU", runs, lambda run: run["loss_points"], "15 or more"),
        *(_row(f"mIoU, {name}", runs, _condition(name)) for name in _shifted(first)),
        _row("AP of maximum logit", runs, lambda run: run["max_logit_ap"], "0.10 to 0.50"),
        _row("AP of a random score", runs, lambda run: run["ood_frac"]),
    ]
    head = ["| number | mean | least to most | wanted |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, "", _frames_line(runs), "", _class_line(runs)])


def draw_chart(runs: Sequence[Run]) -> Image.Image:
    """Bars of the means, with a line from least to most: mIoU by condition, and AP by its base."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), dpi=150, facecolor=_PAPER, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(5, 2.6))
    names = list(runs[0]["miou_by_condition"])
    colors = [TRAINED, *[_SHIFTED] * (len(names) - 1)]
    _draw_bars(left, [(name, _of(runs, _condition(name))) for name in names], colors)
    left.axhline(BARS["miou"][0], xmax=1 / len(names), color="black", linestyle=":", linewidth=1.2)
    left.set(ylabel="mIoU", ylim=(0, 1), title="Segmentation by condition")
    scores = [("maximum\nlogit", "max_logit_ap"), ("random\nscore", "ood_frac")]
    values = [(name, _of(runs, lambda run, key=key: run[key])) for name, key in scores]
    _draw_bars(right, values, [_SHIFTED, _BASE])
    right.axhspan(*BARS["max_logit_ap"], xmax=0.5, color="#e9e6de", zorder=0)
    right.set(ylabel="average precision", ylim=(0, 1), title="Unknown objects, RoadAnomaly")
    stream = BytesIO()
    figure.savefig(stream)
    return Image.open(stream).convert("RGB")


def _draw_bars(
    axes: Any, groups: Sequence[tuple[str, list[float]]], colors: Sequence[tuple[int, int, int]]
) -> None:
    for place, ((name, values), color) in enumerate(zip(groups, colors, strict=True)):
        mean = _mean(values)
        axes.bar(name.replace(" ", "\n"), mean, color=[c / 255 for c in color], width=0.62)
        axes.plot((place, place), (min(values), max(values)), color="black", linewidth=1.5)
        axes.text(place, max(values) + 0.02, f"{mean:.2f}", ha="center", va="bottom")
    axes.set_facecolor(_PAPER)
    axes.spines[["top", "right"]].set_visible(False)


def _row(name: str, runs: Sequence[Run], read: Callable[[Run], float], wanted: str = "") -> str:
    values = _of(runs, read)
    digits = 1 if max(values) > 1 else 3
    span = f"{min(values):.{digits}f} to {max(values):.{digits}f}" if len(runs) > 1 else ""
    return f"| {name} | {_mean(values):.{digits}f} | {span} | {wanted} |"


def _frames_line(runs: Sequence[Run]) -> str:
    world = {name: count for name, count in runs[0]["world"].items() if name != "version"}
    n_train = world.pop("train")
    measured = ", ".join(f"{count} of {name}" for name, count in world.items())
    machines = ", ".join(sorted({run["machine"] for run in runs}))
    trainings = "one training" if len(runs) == 1 else f"{len(runs)} trainings"
    return f"Of {trainings} on {n_train} frames each. Frames measured: {measured}. {machines}."


def _class_line(runs: Sequence[Run]) -> str:
    means = {name: _mean(_of(runs, _iou(name))) for name in runs[0]["class_iou"]}
    present = [(name, mean) for name, mean in means.items() if not isnan(mean)]
    ordered = sorted(present, key=lambda item: -item[1])
    told = ", ".join(f"{name} {mean:.2f}" for name, mean in ordered)
    return f"IoU by class in the training conditions: {told}."


def _shifted(run: Run) -> list[str]:
    return [name for name in run["miou_by_condition"] if name != "training conditions"]


def _condition(name: str) -> Callable[[Run], float]:
    return lambda run: run["miou_by_condition"][name]


def _iou(name: str) -> Callable[[Run], float]:
    return lambda run: run["class_iou"][name]


def _of(runs: Sequence[Run], read: Callable[[Run], float]) -> list[float]:
    return [float(read(run)) for run in runs]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
