"""Plots as SVG inside the page, in the page's colors, by day and by night."""

import re

from assets.gallery.markup import Html, markup
from models.plots import GRID, INK, SERIES, Plot

_NAMESPACES = re.compile(r'\sxmlns(:\w+)?="[^"]*"')
_SIZES = re.compile(r'\s(width|height)="[\d.]+pt"', re.ASCII)
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_ID = re.compile(r'(\sid="|url\(#|href="#)')

COLORS = {INK: "--ink", GRID: "--grid", **{c: f"--series-{n}" for n, c in enumerate(SERIES)}}
"""Variable of the page's style that takes the place of each color of a plot."""


def inline_svg(plot: Plot, *, name: str, label: str) -> Html:
    """The plot as an element; ``name``, unique in the page, begins every id in it.

    ``label`` is what it shows, for those who do not see it.
    """
    svg = plot.svg()
    for pattern in (_METADATA, _STYLE, _NAMESPACES):
        svg = pattern.sub("", svg)
    head, rest = svg.split(">", 1)
    head = _SIZES.sub("", head)
    body = _ID.sub(rf"\g<1>{name}-", f"{head}>{rest}")
    for color, variable in COLORS.items():
        body = body.replace(color, f"var({variable})")
    described = f'<svg role="img" aria-label="{markup(label)}"'
    return Html(body.replace("<svg", described, 1))
