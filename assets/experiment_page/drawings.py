"""The plots of the page, and the figure of the README."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.experiment_page.contents import ExperimentRows
from assets.experiment_page.spreads import METRICS, Measured, Spread
from models.plots import INK, Plot, drawable, series_color
from storage.experiment_records import ExperimentClaim

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HELD, _OPEN, _WORSE = series_color(2), series_color(5), series_color(6)
_BAR_INCHES, _MARGIN_INCHES = 0.34, 0.9
_FEWEST_SIZES = 2


@dataclass(frozen=True)
class Drawing:
    """A plot with its title, and what it shows in words."""

    title: str
    told: str
    plot: Plot


def headline_plot(rows: ExperimentRows, *, width: float = 4.6) -> Plot | None:
    """Gain of the headline's arm in each claim, with its interval; None without claims.

    Differences of metrics whose low end is good are turned, so that right is better everywhere.
    """
    claims, line = rows.headline_claims, rows.plan.headline
    if not claims:
        return None

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for place, claim in enumerate(claims):
            _interval(axes, place, claim)
        axes.axvline(0, color=INK, linewidth=0.9)
        names = [f"{METRICS[c.metric].title} against {drawable(c.against)}" for c in claims]
        axes.set_yticks(range(len(claims)), names)
        axes.set_ylim(len(claims) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.12)
        axes.set_xlabel(f"gain of {drawable(line.arm)} in points, right is better")
        axes.set_title(f"{drawable(line.architecture)}, {rows.world} world", fontsize=9)
        _verdict_legend(figure, claims)

    return Plot(draw, size=(width, _MARGIN_INCHES + _BAR_INCHES * len(claims)))


def headline_words(rows: ExperimentRows) -> str:
    """What `headline_plot` shows, for those who do not see it."""
    return ", ".join(
        f"{METRICS[c.metric].title} against {c.against}: {100 * _gain(c):+.1f} points, "
        f"{'holds' if c.holds else 'does not hold'}"
        for c in rows.headline_claims
    )


def page_drawings(rows: ExperimentRows, measured: Measured) -> list[Drawing]:
    """Every plot that the rows suffice for."""
    found = []
    plot = headline_plot(rows)
    if plot is not None:
        found.append(Drawing("Headline claims with their intervals", headline_words(rows), plot))
    for architecture in rows.architectures:
        for metric in rows.plan.headline.metrics:
            found += _arms_drawing(rows, measured, architecture, metric)
        found += _size_drawing(rows, measured, architecture)
    return found


def sized_arms(rows: ExperimentRows, architecture: str) -> dict[int, str]:
    """Arms that differ from the headline's in nothing but scenes of a frame, by their number."""
    arms = rows.plan.arms
    wanted = arms[rows.plan.headline.arm]
    same = {
        arms[name].n_variants: name
        for name in rows.plan.arms_of(architecture)
        if (arms[name].data, arms[name].settings, arms[name].score)
        == (wanted.data, wanted.settings, wanted.score)
    }
    return dict(sorted(same.items()))


def _interval(axes: "Axes", place: int, claim: ExperimentClaim) -> None:
    ends = sorted((_turned(claim, claim.low), _turned(claim, claim.high)))
    color = _color(claim)
    axes.plot([100 * end for end in ends], [place, place], color=color, linewidth=2.4)
    axes.plot([100 * _gain(claim)], [place], "o", color=color, markersize=6)


def _turned(claim: ExperimentClaim, value: float) -> float:
    return -value if METRICS[claim.metric].is_low_good else value


def _gain(claim: ExperimentClaim) -> float:
    return _turned(claim, claim.difference)


def _color(claim: ExperimentClaim) -> str:
    if claim.holds:
        return _HELD
    is_worse = max(_turned(claim, claim.low), _turned(claim, claim.high)) < 0
    return _WORSE if is_worse else _OPEN


def _verdict_legend(figure: "Figure", claims: Sequence[ExperimentClaim]) -> None:
    from matplotlib.lines import Line2D

    titles = {_HELD: "holds", _OPEN: "not shown", _WORSE: "worse"}
    colors = [color for color in titles if color in set(map(_color, claims))]
    handles = [Line2D([], [], color=color, marker="o", label=titles[color]) for color in colors]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))


def _arms_drawing(
    rows: ExperimentRows, measured: Measured, architecture: str, metric: str
) -> list[Drawing]:
    names = rows.plan.headline.benchmarks_of(metric)  # type: ignore[arg-type]  # of the plan
    spreads = {
        arm: spread
        for arm in rows.plan.arms_of(architecture)
        if (spread := measured.averaged(architecture, arm, names, metric)) is not None
    }
    if not spreads:
        return []
    column = METRICS[metric]
    told = ", ".join(f"{arm} {spread.mean:.1f} %" for arm, spread in spreads.items())
    title = f"{column.title} of all arms · {architecture}"
    is_own = rows.plan.headline.arm
    return [Drawing(title, told, _dots(spreads, f"{column.title} (%) {column.arrow}", is_own))]


def _dots(spreads: Mapping[str, Spread], quantity: str, marked: str) -> Plot:
    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for place, (arm, spread) in enumerate(spreads.items()):
            color = series_color(1 if arm == marked else 0)
            values = list(spread.values.values())
            axes.plot(values, [place] * len(values), "|", color=color, markersize=7, alpha=0.6)
            axes.plot([spread.mean], [place], "o", color=color, markersize=5.5)
        axes.set_yticks(range(len(spreads)), [drawable(arm) for arm in spreads])
        axes.set_ylim(len(spreads) - 0.5, -0.5)
        axes.set_xlabel(f"{quantity}: mean, and each seed")
        axes.margins(x=0.06)

    return Plot(draw, size=(4.6, 0.7 + 0.25 * len(spreads)))


def _size_drawing(rows: ExperimentRows, measured: Measured, architecture: str) -> list[Drawing]:
    arms = sized_arms(rows, architecture)
    lines: dict[str, dict[int, Spread]] = {
        metric: found
        for metric in rows.plan.headline.metrics
        if len(found := _sizes(rows, measured, architecture, metric, arms)) >= _FEWEST_SIZES
    }
    if not lines:
        return []
    told = "; ".join(
        f"{METRICS[metric].title} "
        + ", ".join(f"{n}x {spread.mean:.1f} %" for n, spread in found.items())
        for metric, found in lines.items()
    )
    return [Drawing(f"Scenes of a frame · {architecture}", told, _curves(lines))]


def _sizes(
    rows: ExperimentRows,
    measured: Measured,
    architecture: str,
    metric: str,
    arms: Mapping[int, str],
) -> dict[int, Spread]:
    names = rows.plan.headline.benchmarks_of(metric)  # type: ignore[arg-type]  # of the plan
    found = {n: measured.averaged(architecture, arm, names, metric) for n, arm in arms.items()}
    return {n: spread for n, spread in found.items() if spread is not None}


def _curves(lines: Mapping[str, Mapping[int, Spread]]) -> Plot:
    def draw(figure: "Figure") -> None:
        panels = figure.subplots(1, len(lines), squeeze=False)[0]
        for number, (axes, (metric, found)) in enumerate(zip(panels, lines.items(), strict=True)):
            sizes, color = list(found), series_color(number)
            for size, spread in found.items():
                ends = [
                    spread.mean - (spread.deviation or 0),
                    spread.mean + (spread.deviation or 0),
                ]
                axes.plot([size, size], ends, color=color, linewidth=1.2)
            axes.plot(sizes, [s.mean for s in found.values()], "o-", color=color, markersize=4.5)
            axes.set_xticks(sizes, [f"{size}x" for size in sizes])
            axes.set_xlim(min(sizes) - 0.4, max(sizes) + 0.4)
            axes.set_title(f"{METRICS[metric].title} (%) {METRICS[metric].arrow}", fontsize=9)

    return Plot(draw, size=(4.6, 2.6))
