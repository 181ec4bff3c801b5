"""Pictures of a training for people: curves of the losses, and samples beside what was wanted."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

_PAPER, _INK = (250, 249, 246), (40, 40, 46)
_GAP_PX, _CAPTION_PX = 8, 22
_MAX_POINTS = 300


@dataclass(frozen=True, eq=False)
class Sample:
    """One line of the sheet: caption, then layout, rendered and generated picture."""

    caption: str
    pictures: Sequence[UInt8[np.ndarray, "height width 3"]]


def loss_curves(
    losses: Mapping[str, Float[np.ndarray, " steps"]],
) -> UInt8[np.ndarray, "height width 3"]:
    """One small plot a training: its loss by step, each point the mean of consecutive steps.

    Raises:
        ValueError: if there is no training.
    """
    if not losses:
        raise ValueError("need the losses of at least one training, got none")
    # Imported here: it takes most of a second, and only runs that draw should pay for it.
    from matplotlib.figure import Figure

    n_columns = min(3, len(losses))
    n_rows = -(-len(losses) // n_columns)
    figure = Figure(figsize=(3.2 * n_columns, 2.3 * n_rows), dpi=100, layout="constrained")
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axes, (name, values) in zip(grid, losses.items(), strict=False):
        steps, means = thinned(values)
        axes.plot(steps, means, color="#3b6ea5", linewidth=1)
        axes.set_yscale("log")
        axes.set_title(name, loc="left", fontsize=10)
        axes.tick_params(labelsize=7, which="both")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[len(losses) :]:
        axes.set_axis_off()
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return np.asarray(Image.open(stream).convert("RGB"))


def thinned(
    values: Float[np.ndarray, " steps"],
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Middle step and mean of equal stretches, at most a few hundred of them."""
    stretches = np.array_split(np.arange(len(values)), min(_MAX_POINTS, len(values)))
    steps = np.array([1 + stretch.mean() for stretch in stretches])
    return steps, np.array([float(values[stretch].mean()) for stretch in stretches])


def samples_sheet(samples: Sequence[Sample]) -> UInt8[np.ndarray, "height width 3"]:
    """Samples below each other, each with its caption.

    Raises:
        ValueError: if there is none.
    """
    if not samples:
        raise ValueError("need at least one sample to show, got none")
    height, width = samples[0].pictures[0].shape[:2]
    n_columns = len(samples[0].pictures)
    step = height + _CAPTION_PX + _GAP_PX
    size = (n_columns * (width + _GAP_PX) + _GAP_PX, len(samples) * step + _GAP_PX)
    sheet = Image.new("RGB", size, _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for row, sample in enumerate(samples):
        top = _GAP_PX + row * step
        draw.text((_GAP_PX, top + 2), sample.caption, _INK, font)
        for column, picture in enumerate(sample.pictures):
            corner = (_GAP_PX + column * (width + _GAP_PX), top + _CAPTION_PX)
            sheet.paste(Image.fromarray(picture), corner)
    return np.asarray(sheet)
