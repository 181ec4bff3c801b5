"""One HTML file that shows the scenes of partitions, with no need for a server or a network."""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from assets.gallery.cards import facets, scene_card
from assets.gallery.charts import bar_chart
from assets.gallery.choosing import evenly
from assets.gallery.counts import SceneCounts, count_scenes
from assets.gallery.markup import NOTHING, Html, Value, element, fill, packaged
from assets.gallery.pictures import Pictures
from assets.gallery.rows import DrawnScene, PartitionRows, read_partition
from assets.gallery.shown import Inline, Shows
from assets.gallery.words import share_text
from assets.partitions import ScenePartition
from models.label_colors import label_color_table
from storage.label_space import OOD_ID, TRAIN_CLASSES, VOID_ID
from storage.store import Store

Facets: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What a page has besides where a server answers it; a page that is a file has none of it.

    Attributes:
        decision: where a person decides on a scene.
        facets: what a scene is filtered by besides.
        groups: names that are always there in a group of filters.
        head: markup of the head.
        script: that is run after that of the page.
        style: that is added to that of the page.
    """

    decision: Callable[[DrawnScene], Html]
    facets: Callable[[DrawnScene], Facets]
    groups: Facets = field(default_factory=dict)
    head: Html = NOTHING
    script: str = ""
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class PageLimits:
    """How much a page holds: scenes, bytes of their cards, and widths of its pictures."""

    max_scenes: int = 200
    max_bytes: int = 24_000_000
    picture_width_px: int = 512
    thumbnail_width_px: int = 192


def gallery_page(
    store: Store,
    data_root: Path | None,
    partitions: Sequence[ScenePartition],
    *,
    limits: PageLimits | None = None,
) -> bytes:
    """HTML of the scenes of the partitions, as the latest versions hold them.

    Equal rows give equal bytes. Counts cover all scenes; where not all can be shown, a fair sample
    is, and the page says so. Photographs are left out where ``data_root`` is None or lacks them.

    Raises:
        ValueError: if there is no partition.
        DamagedPartError: if rows are missing, cut off or altered.
    """
    if not partitions:
        raise ValueError("need one or more partitions to show, got none")
    parts = [read_partition(store, partition) for partition in partitions]
    limits = limits or PageLimits()
    shows = Inline(
        Pictures(store.blobs, data_root, limits.picture_width_px),
        Pictures(store.blobs, None, limits.thumbnail_width_px),
    )
    return render_page(parts, limits, shows)


def render_page(
    parts: Sequence[PartitionRows], limits: PageLimits, shows: Shows, serving: Serving | None = None
) -> bytes:
    """HTML of rows that were read; ``serving`` is what a server adds."""
    counts = count_scenes(parts)
    scenes = [scene for part in parts for scene in part.scenes]
    cards = _cards(scenes, shows, limits, serving)
    shown = [scene for scene in scenes if scene.name in cards]
    script = packaged("page.js") + (serving.script if serving else "")
    page = fill(
        "page.html",
        policy=_policy(script, is_served=serving is not None),
        head=serving.head if serving else NOTHING,
        style=Html(packaged("page.css") + (serving.style if serving else "")),
        script=Html(script),
        scope=_scope(parts),
        numbers=_numbers(counts),
        notes=_notes(parts, counts, len(shown)),
        charts=_charts(counts),
        groups=_filter_groups(shown, serving),
        cards=Html("\n".join(cards[scene.name] for scene in shown)),
        legend=_legend(),
        versions=_versions(parts),
    )
    return page.encode()


def _cards(
    scenes: Sequence[DrawnScene], shows: Shows, limits: PageLimits, serving: Serving | None
) -> dict[str, Html]:
    """Cards by the name of their scene, until the page is full; at least one where there is any."""
    cards: dict[str, Html] = {}
    n_bytes = 0
    for scene in evenly(scenes)[: limits.max_scenes]:
        if serving is None:
            card = scene_card(scene, shows)
        else:
            card = scene_card(scene, shows, serving.decision(scene), serving.facets(scene))
        n_bytes += len(card)
        if cards and n_bytes > limits.max_bytes:
            break
        cards[scene.name] = card
    return cards


def _policy(script: str, *, is_served: bool) -> str:
    """Content policy: no script runs but the page's own; only a server is asked for anything."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = " 'self'" if is_served else ""
    allowed = [f"img-src data:{own}", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'"]
    if is_served:
        allowed += ["connect-src 'self'", "form-action 'none'", "base-uri 'none'"]
    return "; ".join(("default-src 'none'", *allowed))


def _scope(parts: Sequence[PartitionRows]) -> str:
    named: dict[str, list[str]] = {}
    for part in parts:
        named.setdefault(part.partition.round, []).append(part.partition.city)
    return " · ".join(f"{name}: {', '.join(cities)}" for name, cities in named.items())


def _numbers(counts: SceneCounts) -> Html:
    numbers: dict[str, Value] = {
        "frames": counts.n_frames,
        "scenes": counts.n_scenes,
        "attempts": counts.attempts.total,
        "attempts accepted": share_text(counts.attempts.acceptance),
        "scenes accepted": counts.n_scenes_accepted,
        "scenes labelled": counts.n_labels,
    }
    return Html(
        "".join(
            element("div", element("dd", value), element("dt", name))
            for name, value in numbers.items()
        )
    )


def _notes(parts: Sequence[PartitionRows], counts: SceneCounts, n_shown: int) -> Html:
    notes = []
    n_drawn = sum(len(part.scenes) for part in parts)
    if n_shown < n_drawn:
        notes.append(
            f"{n_shown} of {n_drawn} drawn scenes are shown, picked evenly, to keep the file small;"
            " the counts cover all."
        )
    if not n_drawn:
        notes.append("No scene was drawn yet: materialize synthetic_scenes.")
    elif not counts.attempts.accepted + counts.attempts.rejected:
        notes.append("Nobody judged these scenes yet: materialize filtered_scenes.")
    if counts.frames_without_scene:
        reasons = counts.frames_without_scene.items()
        told = ", ".join(f"{name.replace('_', ' ')} ({n})" for name, n in reasons)
        notes.append(f"Frames without a scene: {told}.")
    notes += [
        f"{asset} of {part.partition.key} was made from an earlier version of what is shown beside "
        "it: materialize it again."
        for part in parts
        for asset in part.outdated
    ]
    return Html("".join(element("p", note, class_="note") for note in notes))


def _charts(counts: SceneCounts) -> Html:
    return Html(
        bar_chart("Rejected attempts by reason", counts.reasons)
        + bar_chart("Attempts by condition", counts.conditions)
        + bar_chart("Objects by class", counts.classes)
    )


def _filter_groups(scenes: Sequence[DrawnScene], serving: Serving | None) -> Html:
    """A row of buttons for each group that tells scenes apart, the most frequent name first."""
    always = serving.groups if serving else {}
    counts = {group: Counter(dict.fromkeys(names, 0)) for group, names in always.items()}
    for scene in scenes:
        more = serving.facets(scene) if serving else {}
        for group, names in {**facets(scene), **more}.items():
            counts.setdefault(group, Counter()).update(names)
    return Html(
        "".join(_filter_group(group, found) for group, found in counts.items() if len(found) > 1)
    )


def _filter_group(group: str, counts: Counter[str]) -> Html:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    buttons = [
        element(
            "button",
            name,
            element("small", count),
            type="button",
            data_group=group,
            data_name=name,
            aria_pressed="false",
        )
        for name, count in ordered
    ]
    name = element("span", group, class_="group-name")
    row = element("div", *buttons)
    return element("div", name, row, class_="group", role="group", aria_label=group)


def _legend() -> Html:
    ids = {**{label.name: label.train_id for label in TRAIN_CLASSES}, "unknown object": OOD_ID}
    entries = [_swatch(name, train_id) for name, train_id in {**ids, "void": VOID_ID}.items()]
    return element("ul", *entries, class_="legend")


def _swatch(name: str, train_id: int) -> Html:
    red, green, blue = (int(part) for part in label_color_table()[train_id])
    color = element("i", style=f"background:#{red:02x}{green:02x}{blue:02x}", aria_hidden="true")
    return element("li", color, f"{name} ({train_id})")


def _versions(parts: Sequence[PartitionRows]) -> Html:
    entries = [
        element(
            "li",
            f"{found.asset}, {found.partition}: version {found.version}, ",
            element("code", found.fingerprint[:16]),
        )
        for part in parts
        for found in part.versions.values()
    ]
    return element("ul", *entries)
