"""Plots of how well scores tell unknown objects apart; values in, a `Plot` out, no pixels needed.

Every line and bar takes the color of its place among the given names (`models.plots.SERIES`), so
that one name has one color in all plots that are given the same names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from models.plots import INK, Plot, drawable, series_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]
"""Values on the horizontal and on the vertical axis."""

_IN_COLOR, _OOD_COLOR = series_color(0), series_color(1)
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
_MANY_BARS = 10
_LETTERS_PER_INCH, _HANDLE_LETTERS = 14, 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Histogram:
    """Pixels of a score in bins: one count more of edges than of bins."""

    edges: Float[np.ndarray, " edges"]
    n_in: Int[np.ndarray, " bins"]
    n_ood: Int[np.ndarray, " bins"]


def precision_recall_plot(curves: Mapping[str, Points], *, ood_frac: float | None = None) -> Plot:
    """Precision over recall, both 0 to 1, as steps; a dashed line where chance lies.

    Args:
        curves: (recall, precision) of each score, recall rising.
        ood_frac: share of OOD pixels, the precision of a score that knows nothing.

    Raises:
        ValueError: if there is no curve.
    """
    _refuse_none(curves)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        if ood_frac is not None:
            axes.axhline(ood_frac, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        for number, (name, (recall, precision)) in enumerate(curves.items()):
            # The precision of a point holds for all the recall gained since the point before.
            axes.step(recall, precision, where="pre", **_line(number, name))
        _unit_square(axes, "recall", "precision")
        _legend(figure, len(curves))

    return Plot(draw)


def roc_plot(curves: Mapping[str, Points]) -> Plot:
    """Recall over the false-positive rate, both 0 to 1, with the line of 95 % recall.

    Args:
        curves: (false-positive rate, recall) of each score, both rising.

    Raises:
        ValueError: if there is no curve.
    """
    _refuse_none(curves)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.axhline(0.95, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
        for number, (name, (rate, recall)) in enumerate(curves.items()):
            axes.plot([0, *rate], [0, *recall], **_line(number, name))
        _unit_square(axes, "false-positive rate", "recall")
        _legend(figure, len(curves))

    return Plot(draw)


def histogram_plot(histogram: Histogram, *, threshold: float | None = None) -> Plot:
    """Share of the pixels of each kind in every bin of a score, in and out of distribution.

    Each kind adds up to 1, since there are far fewer OOD pixels; ``threshold`` is marked.
    """

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        kinds = (
            (histogram.n_in, _IN_COLOR, "in distribution"),
            (histogram.n_ood, _OOD_COLOR, "out of distribution"),
        )
        for counts, color, name in kinds:
            share = counts / max(int(counts.sum()), 1)
            axes.stairs(share, histogram.edges, fill=True, color=color, alpha=0.3)
            axes.stairs(share, histogram.edges, color=color, linewidth=1.2, label=name)
        if threshold is not None and histogram.edges[0] <= threshold <= histogram.edges[-1]:
            axes.axvline(
                threshold, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), label="best F1"
            )
        axes.set_ylim(bottom=0)
        axes.set_xlabel("score, higher is further out")
        axes.set_ylabel("share of pixels")
        _legend(figure, 3)

    return Plot(draw, size=(3.7, 2.8))


def calibration_plot(curves: Mapping[str, Points]) -> Plot:
    """Share of OOD pixels over the rank of bins of a score, lowest score first.

    Scores have units of their own, so that bins stand side by side by rank; a score that can be
    read as a risk rises from left to right and never falls.

    Args:
        curves: (mean score, share of OOD pixels) of the bins of each score, scores rising.

    Raises:
        ValueError: if there is no curve.
    """
    _refuse_none(curves)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for number, (name, (scores, share)) in enumerate(curves.items()):
            rank = (np.arange(len(scores)) + 0.5) / max(len(scores), 1)
            axes.plot(rank, share, marker="o", markersize=3.5, **_line(number, name))
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("rank of the score, lowest to highest")
        axes.set_ylabel("share of OOD pixels")
        _legend(figure, len(curves))

    return Plot(draw)


def domain_bars(values: Mapping[str, Mapping[str, float]], *, quantity: str) -> Plot:
    """Bars in groups: a group for each domain, in it one bar for each name, in percent.

    Args:
        values: of each name, its value by domain, 0 to 1; a domain may lack some names.
        quantity: what they are, on the axis.

    Raises:
        ValueError: if there is no name or no domain.
    """
    domains = list(dict.fromkeys(domain for found in values.values() for domain in found))
    if not domains:
        raise ValueError("need at least one value of a domain to plot, got none")
    width = 0.8 / len(values)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for number, (name, found) in enumerate(values.items()):
            places = [domains.index(domain) for domain in found]
            left = np.asarray(places) + (number - (len(values) - 1) / 2) * width
            heights = [100 * value for value in found.values()]
            bars = axes.bar(
                left, heights, 0.92 * width, color=series_color(number), label=drawable(name)
            )
            if len(values) * len(domains) <= _MANY_BARS:
                axes.bar_label(bars, fmt="%.1f", fontsize=7.5, padding=1)
        axes.set_xticks(range(len(domains)), [drawable(domain) for domain in domains])
        axes.set_ylabel(f"{quantity} (%)")
        axes.grid(visible=False, axis="x")
        _legend(figure, len(values))

    return Plot(draw)


def _refuse_none(curves: Mapping[str, Points]) -> None:
    if not curves:
        raise ValueError("need at least one curve to plot, got none")


def _line(number: int, name: str) -> dict[str, Any]:
    return {
        "color": series_color(number),
        "linestyle": _DASHES[number % len(_DASHES)],
        "label": drawable(name),
    }


def _unit_square(axes: "Axes", across: str, up: str) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.02)
    axes.set_xlabel(across)
    axes.set_ylabel(up)


def _legend(figure: "Figure", n_names: int) -> None:
    """Above the plot, where it hides nothing."""
    if n_names:
        longest = max(len(text) for text in figure.axes[0].get_legend_handles_labels()[1])
        n_fitting = int(_LETTERS_PER_INCH * figure.get_figwidth() / (longest + _HANDLE_LETTERS))
        figure.legend(
            loc="outside upper left",
            ncols=min(max(n_fitting, 1), n_names),
            handlelength=1.8,
            columnspacing=1.2,
        )
