"""Plots of what a manifest counts, as pictures for people."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KEPT, _REJECTED = "#3b6ea5", "#e3a857"
_FEW_POINTS = 50

INK, PAPER, GRID = "#23232a", "#ffffff", "#dddbd2"
"""Colors of text, ground and lines of a `Plot`; no series has one of them."""

SERIES = (_KEPT, "#d1781f", "#1f8a68", "#b04a82", "#7a5cc0", "#86791c", "#c84426", "#4a9dc4")
"""Colors that tell the lines or bars of a `Plot` apart, by number; they begin again when used up.

Each differs from its neighbors in brightness, too, so that a gray print keeps them apart.
"""

_LAST_DRAWN = 0x24F
_NAME_LETTERS = 30


@dataclass(frozen=True)
class Plot:
    """A figure that is drawn when a form of it is asked for; equal values give equal bytes."""

    draw: Callable[["Figure"], None]
    size: tuple[float, float] = (4.6, 3.4)
    """Width and height in inches."""

    def svg(self) -> str:
        """SVG with text as text and ground left out; `INK`, `GRID` and `SERIES` as hex colors."""
        text = self._saved(format="svg", transparent=True, metadata=_NO_METADATA).decode()
        return text[text.index("<svg") :]

    def png(self) -> bytes:
        """PNG on `PAPER`, 150 pixels an inch."""
        return self._saved(format="png", dpi=150, metadata={"Software": None})

    def _saved(self, **options: Any) -> bytes:
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        stream = io.BytesIO()
        with rc_context(_STYLE):
            figure = Figure(figsize=self.size, layout="constrained")
            self.draw(figure)
            figure.savefig(stream, **options)
        return stream.getvalue()


_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "multishift",
    "text.parse_math": False,  # names of files may hold a dollar
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
}


def drawable(name: str) -> str:
    """The name as a plot can show it: short, and without letters that its font lacks."""
    plain = "".join(c if c.isprintable() and ord(c) <= _LAST_DRAWN else "?" for c in name)
    return plain if len(plain) <= _NAME_LETTERS else f"{plain[: _NAME_LETTERS - 1]}…"


def series_color(number: int) -> str:
    """Color of the line or bar of that number."""
    return SERIES[number % len(SERIES)]


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
