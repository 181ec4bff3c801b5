"""Small bar charts as SVG that takes its colors from the page."""

from collections.abc import Mapping

from assets.gallery.counts import Tally
from assets.gallery.markup import Html, Value, element

_WIDTH, _NAME_PX, _COUNT_PX = 380, 164, 40
_LINE_PX, _BAR_PX = 23, 12
_MAX_BARS, _MAX_LETTERS = 8, 23
_PARTS = ("accepted", "rejected", "unjudged")


def bar_chart(title: str, tallies: Mapping[str, Tally]) -> Html:
    """Figure of horizontal bars, a part for each verdict; the smallest are added up if many."""
    if not tallies:
        empty = element("p", "none", class_="none")
        return element("figure", element("figcaption", title), empty, class_="chart")
    bars = _shortened(tallies)
    height = _LINE_PX * len(bars)
    largest = max(tally.total for tally in bars.values())
    told = ", ".join(f"{name} {tally.total}" for name, tally in bars.items())
    drawn = [
        _bar(number, name, tally, largest) for number, (name, tally) in enumerate(bars.items())
    ]
    svg = element(
        "svg",
        *drawn,
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        aria_label=f"{title}: {told}",
    )
    return element("figure", element("figcaption", title), svg, class_="chart")


def _shortened(tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    entries = list(tallies.items())
    if len(entries) <= _MAX_BARS:
        return dict(entries)
    rest = [tally for _, tally in entries[_MAX_BARS - 1 :]]
    summed = Tally(
        accepted=sum(tally.accepted for tally in rest),
        rejected=sum(tally.rejected for tally in rest),
        unjudged=sum(tally.unjudged for tally in rest),
    )
    return {**dict(entries[: _MAX_BARS - 1]), f"{len(rest)} others": summed}


def _bar(number: int, name: str, tally: Tally, largest: int) -> Html:
    middle = number * _LINE_PX + _LINE_PX / 2
    parts = []
    left = float(_NAME_PX)
    room = _WIDTH - _NAME_PX - _COUNT_PX
    for part in _PARTS:
        width = room * getattr(tally, part) / largest
        if width:
            box: dict[str, Value] = {
                "x": f"{left:.1f}",
                "y": f"{middle - _BAR_PX / 2:.1f}",
                "height": _BAR_PX,
            }
            parts.append(element("rect", **box, width=f"{width:.1f}", class_=part))
        left += width
    shown = name if len(name) <= _MAX_LETTERS else f"{name[: _MAX_LETTERS - 1]}…"
    told = ", ".join(f"{part} {getattr(tally, part)}" for part in _PARTS if getattr(tally, part))
    at = f"{middle:.1f}"
    return element(
        "g",
        element("title", f"{name}: {told}"),
        element("text", shown, x=_NAME_PX - 8, y=at, text_anchor="end", dy="0.35em"),
        *parts,
        element("text", tally.total, x=f"{left + 6:.1f}", y=at, dy="0.35em", class_="count"),
    )
