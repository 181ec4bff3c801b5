"""The best and the worst images of a score: photo, label and the score over the photo."""

import base64
from collections.abc import Sequence

from assets.gallery.markup import Html, element, void_element
from assets.reporting.numbers import in_percent, percent
from assets.reporting.rows import Blobs
from models.score_overlay import heat_color_table
from storage.benchmark_records import ShownImage
from storage.blobs import DamagedBlobError, MissingBlobError

RANKS = ("best", "worst")
_SIGNATURES = {b"\x89PNG": "image/png", b"RIFF": "image/webp", b"\xff\xd8\xff": "image/jpeg"}
_LEGEND_STOPS = 9
_SCALE = (
    "All images of a score have one scale on a benchmark, from the first to the last percentile of "
    "its scores; unknown objects of the label are outlined in cyan."
)


def gallery(title: str, shown: Sequence[ShownImage], blobs: Blobs, *, is_open: bool) -> Html:
    """Images of one score, the best ones first."""
    groups = []
    for rank in RANKS:
        found = sorted((row for row in shown if row.rank == rank), key=lambda row: row.place)
        if found:
            cards = [_card(row, blobs) for row in found]
            groups += [element("h4", f"{rank.capitalize()} images"), element("ul", *cards)]
    summary = element("summary", title)
    return element("details", summary, *groups, class_="fold shown", open=is_open)


def heat_legend() -> Html:
    """Bar of the colors of the scores, with what they mean."""
    table = heat_color_table()
    places = [round(255 * step / (_LEGEND_STOPS - 1)) for step in range(_LEGEND_STOPS)]
    stops = ", ".join("#{:02x}{:02x}{:02x}".format(*map(int, table[place])) for place in places)
    bar = element("i", style=f"background:linear-gradient(90deg, {stops})", aria_hidden="true")
    told = element("span", "low score"), bar, element("span", "high score")
    outlined = element("span", _SCALE, class_="faint")
    return element("p", *told, outlined, class_="heat")


def _card(row: ShownImage, blobs: Blobs) -> Html:
    pictures = (
        ("photo", row.photo_sha256),
        ("label", row.label_sha256),
        ("score", row.overlay_sha256),
    )
    stage = element("div", *(_picture(n, sha, row, blobs) for n, sha in pictures), class_="triple")
    told = " · ".join(filter(None, (row.domain, row.split)))
    caption = element(
        "p",
        element("strong", f"AP {percent(in_percent(row.ap))} %"),
        element("span", row.frame_id, class_="frame-name"),
        element("span", told, class_="faint"),
    )
    return element("li", stage, caption)


def _picture(name: str, sha256: str, row: ShownImage, blobs: Blobs) -> Html:
    content = _bytes(sha256, blobs)
    kind = next((k for s, k in _SIGNATURES.items() if (content or b"").startswith(s)), None)
    if content is None or kind is None:
        told = "picture is missing" if content is None else "picture is damaged"
        return element("span", told, class_="missing")
    source = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return void_element("img", src=source, alt=f"{name} of {row.frame_id}", decoding="async")


def _bytes(sha256: str, blobs: Blobs) -> bytes | None:
    try:
        return blobs.get(sha256)
    except (MissingBlobError, DamagedBlobError):
        return None
