"""A score map over its photograph, in fixed colors, with a legend.

The colors are those of the map *inferno*: brightness rises evenly with the score, so that they are
read in gray and by people who see few colors.
"""

from functools import cache

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from PIL import Image, ImageDraw, ImageFont

from models.label_colors import outline

Span = tuple[float, float]
"""Scores that have the darkest and the brightest color; beyond them nothing changes."""

_PERCENTILES = (1, 99)
_LEAST_COVER, _MOST_COVER = 0.25, 0.9
_DIMMED = 0.55
_PAPER, _INK = (250, 249, 246), (40, 40, 46)
_BAR_PX, _TEXT_PX, _MARGIN_PX = 12, 16, 6


def score_span(ood_score: Float32[np.ndarray, "..."]) -> Span:
    """First and last percentile of all scores: what a single wild pixel cannot move.

    Raises:
        ValueError: if there is no finite score.
    """
    finite = ood_score[np.isfinite(ood_score)]
    if not finite.size:
        raise ValueError("need at least one finite score, got none")
    low, high = np.percentile(finite, _PERCENTILES)
    return float(low), float(high)


def heat_colors(
    ood_score: Float32[np.ndarray, "height width"], span: Span
) -> UInt8[np.ndarray, "height width 3"]:
    """RGB color of each score: black at the low end of the span, pale yellow at the high end."""
    return heat_color_table()[(255 * _shade(ood_score, span)).round().astype(np.uint8)]


@cache
def heat_color_table() -> UInt8[np.ndarray, "256 3"]:
    """The 256 colors from low to high, RGB."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    table = np.ascontiguousarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, 0, ::-1])
    table.flags.writeable = False
    return table


def score_overlay(
    photo: UInt8[np.ndarray, "height width 3"],
    ood_score: Float32[np.ndarray, "height width"],
    *,
    span: Span | None = None,
    is_ood: Bool[np.ndarray, "height width"] | None = None,
) -> UInt8[np.ndarray, "height width 3"]:
    """The photo in dim gray under the colors of the score, which cover it the more the higher.

    Args:
        photo: RGB.
        ood_score: higher is further out; not finite counts as lowest.
        span: scores of the darkest and the brightest color, by default `score_span` of this map.
        is_ood: labeled unknown objects, outlined in their color where given.

    Raises:
        ValueError: if no score is finite and no span is given.
    """
    span = span or score_span(ood_score)
    shade = _shade(ood_score, span)[..., None]
    gray = cv2.cvtColor(np.ascontiguousarray(photo), cv2.COLOR_RGB2GRAY)[..., None]
    cover = _LEAST_COVER + (_MOST_COVER - _LEAST_COVER) * shade
    mixed = cover * heat_colors(ood_score, span) + (1 - cover) * _DIMMED * gray
    drawn: UInt8[np.ndarray, "height width 3"] = mixed.round().astype(np.uint8)
    if is_ood is None:
        return drawn
    return outline(drawn, is_ood, thickness_px=max(1, round(drawn.shape[1] / 256)))


def score_legend(span: Span, *, width_px: int = 320) -> UInt8[np.ndarray, "height width 3"]:
    """A bar of the colors with the scores of both ends, on light paper.

    Raises:
        ValueError: if it is narrower than 64 pixels.
    """
    if width_px < 64:
        raise ValueError(f"need a legend of 64 pixels or more, got {width_px}")
    height = _BAR_PX + _TEXT_PX + 2 * _MARGIN_PX
    legend = np.full((height, width_px, 3), _PAPER, np.uint8)
    inner = width_px - 2 * _MARGIN_PX
    ramp = np.linspace(0, 255, inner).round().astype(np.uint8)
    legend[_MARGIN_PX : _MARGIN_PX + _BAR_PX, _MARGIN_PX:-_MARGIN_PX] = heat_color_table()[ramp]
    sheet = Image.fromarray(legend)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    top = _MARGIN_PX + _BAR_PX + 2
    draw.text((_MARGIN_PX, top), f"{span[0]:.3g}", _INK, font)
    draw.text((width_px - _MARGIN_PX, top), f"{span[1]:.3g}", _INK, font, anchor="ra")
    return np.asarray(sheet)


def _shade(
    ood_score: Float32[np.ndarray, "height width"], span: Span
) -> Float32[np.ndarray, "height width"]:
    """0 at the low end of the span, 1 at the high end; a span of one value counts as low."""
    low, high = span
    known = np.nan_to_num(ood_score, nan=low, posinf=high, neginf=low)
    shade: Float32[np.ndarray, "height width"] = np.clip(
        (known - low) / max(high - low, 1e-12), 0, 1
    ).astype(np.float32)
    return shade
