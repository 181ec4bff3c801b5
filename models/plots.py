"""Plots of what a manifest counts, as pictures for people."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KEPT, _REJECTED = "#3b6ea5", "#e3a857"
_FEW_POINTS = 50


def class_histogram(
    counts: Mapping[str, tuple[int, int]], *, title: str
) -> UInt8[np.ndarray, "height width 3"]:
    """Horizontal bars of (kept, rejected) for each class name, largest first.

    Raises:
        ValueError: if there is no class.
    """
    if not counts:
        raise ValueError("need at least one class to plot, got none")
    # Imported here: it takes most of a second, and only runs that draw should pay for it.
    from matplotlib.figure import Figure

    ordered = sorted(counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    names = [name for name, _ in ordered]
    kept = [kept for _, (kept, _) in ordered]
    rejected = [rejected for _, (_, rejected) in ordered]
    figure = Figure(figsize=(7, 0.8 + 0.22 * len(names)), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.barh(names, kept, color=_KEPT, label="kept")
    axes.barh(names, rejected, left=kept, color=_REJECTED, label="rejected")
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel("objects")
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    return _drawn(figure)


def step_curves(
    curves: Mapping[str, tuple[Sequence[int], Sequence[float]]], *, title: str
) -> UInt8[np.ndarray, "height width 3"]:
    """A line for each name over the number of the step, one below the other.

    Raises:
        ValueError: if there is no curve.
    """
    if not curves:
        raise ValueError("need at least one curve to plot, got none")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.6 + 1.5 * len(curves)), dpi=100, layout="constrained")
    panels = figure.subplots(len(curves), sharex=True, squeeze=False)[:, 0]
    for axes, (name, (steps, values)) in zip(panels, curves.items(), strict=True):
        axes.plot(steps, values, ".-" if len(steps) < _FEW_POINTS else "-", color=_KEPT)
        axes.set_ylabel(name)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_title(title, loc="left", fontsize=11)
    panels[-1].set_xlabel("step")
    return _drawn(figure)


def _drawn(figure: "Figure") -> UInt8[np.ndarray, "height width 3"]:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return np.asarray(Image.open(stream).convert("RGB"))
