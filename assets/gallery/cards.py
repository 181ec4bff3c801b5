"""The card of a scene: its picture in four views, its verdict, its facts, its other attempts."""

import json
from dataclasses import dataclass

from assets.gallery.counts import reason_of
from assets.gallery.inline import data_uri
from assets.gallery.markup import Html, Value, element, fill, void_element
from assets.gallery.pictures import Pictures
from assets.gallery.rows import PLAIN, DrawnAttempt, DrawnScene
from assets.gallery.words import (
    condition_text,
    licenses,
    object_facts,
    objects_text,
    profile_text,
    scores_text,
    share_text,
)
from models.scene_sheet import Tile

_OBJECT_HEADS = ("object", "IoU", "SAM's own", "OOD score", "px asked", "px found")


def scene_card(scene: DrawnScene, pictures: Pictures, thumbnails: Pictures) -> Html:
    """List item of one scene; it carries what it can be filtered by."""
    item = scene.shown
    row = item.attempt
    views = _views(item, pictures)
    return fill(
        "card.html",
        status=item.status.replace(" ", "-"),
        facets=json.dumps(facets(scene), sort_keys=True),
        ratio=f"{row.width_px} / {row.height_px}",
        title=_title(item),
        images=Html("".join(_image(view, item) for view in views)),
        buttons=Html("".join(map(_button, views))),
        badge=_badge(item),
        objects=objects_text(item),
        place=item.place if item.place != PLAIN else "",
        frame=f"{row.frame_id} · scene {row.variant}",
        scores=scores_text(item),
        facts=_facts(scene),
        others=_others(scene, thumbnails),
    )


def facets(scene: DrawnScene) -> dict[str, list[str]]:
    """What the page filters by: names of each group that hold for the scene."""
    item = scene.shown
    return {
        "round": [scene.partition.round],
        "city": [scene.partition.city],
        "verdict": [item.status],
        "weather": [item.weather],
        "time": [item.time],
        "class": sorted(set(item.class_names)),
    }


def _title(item: DrawnAttempt) -> str:
    return "Plain template" if item.condition == PLAIN else item.condition.capitalize()


@dataclass(frozen=True, kw_only=True, eq=False)
class _View:
    """One of the four ways to look at a scene; ``is_coded``: its colors stand for classes."""

    slot: str
    name: str
    tile: Tile
    is_coded: bool = False


def _views(item: DrawnAttempt, pictures: Pictures) -> list[_View]:
    return [
        _View(slot="picture", name="Picture", tile=pictures.picture(item)),
        _label_view(item, pictures),
        _View(slot="layout", name="Layout", tile=pictures.layout(item), is_coded=True),
        _View(slot="photograph", name="Photo", tile=pictures.photograph(item)),
    ]


def _label_view(item: DrawnAttempt, pictures: Pictures) -> _View:
    """The label, or the masks that were compared where there is none."""
    label = pictures.label(item)
    if isinstance(label, str) and item.objects:
        return _View(slot="label", name="Masks", tile=pictures.found(item))
    return _View(slot="label", name="Label", tile=label, is_coded=True)


def _image(view: _View, item: DrawnAttempt) -> Html:
    if isinstance(view.tile, str):
        return element("span", view.tile, class_="missing", data_view=view.slot)
    return void_element(
        "img",
        data_view=view.slot,
        class_="coded" if view.is_coded else None,
        src=data_uri(view.tile, is_coded=view.is_coded),
        alt=f"{view.name}: {condition_text(item)}, with {objects_text(item)}",
        decoding="async",
    )


def _button(view: _View) -> Html:
    is_missing = isinstance(view.tile, str)
    return element(
        "button",
        view.name,
        type="button",
        data_view=view.slot,
        aria_pressed="true" if view.slot == "picture" else "false",
        disabled=is_missing,
        title=view.tile if isinstance(view.tile, str) else None,
    )


def _badge(item: DrawnAttempt) -> str:
    reason = reason_of(item)
    return f"{item.status}: {reason}" if reason else item.status


def _facts(scene: DrawnScene) -> Html:
    item = scene.shown
    row = item.attempt
    facts: dict[str, Value] = {
        "Prompt": item.request.prompt if item.request else "unknown",
        "Negative prompt": item.request.negative_prompt if item.request else "unknown",
        "Round": f"{scene.partition.round}, {scene.partition.city}",
        "Attempt": f"{row.attempt} (from 0), {len(scene.attempts)} drawn",
        "Seed": row.seed,
        "Size": f"{row.width_px} x {row.height_px} pixels",
        "Layout agreement": share_text(row.layout_agreement),
        "Generator": item.label.generator if item.label else "unknown until the scene is labelled",
        "Computed on": profile_text(item.profile),
        "Licenses": "; ".join(licenses(item)) or "unknown",
        "Pixels (SHA-256)": row.pixels_sha256,
    }
    listed = [
        part
        for name, value in facts.items()
        for part in (element("dt", name), element("dd", value))
    ]
    return Html(_object_table(item) + element("dl", *listed))


def _object_table(item: DrawnAttempt) -> Html:
    if not item.objects:
        return Html("")
    head = element("tr", *(element("th", name, scope="col") for name in _OBJECT_HEADS))
    rows = [
        element("tr", *(element("td", fact) for fact in object_facts(found)))
        for found in item.objects
    ]
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("div", table, class_="scroll")


def _others(scene: DrawnScene, thumbnails: Pictures) -> Html:
    if not scene.others:
        return Html("")
    n_rejected = sum(item.status == "rejected" for item in scene.others)
    kind = "rejected " if n_rejected == len(scene.others) else ""
    noun = "attempt" if len(scene.others) == 1 else "attempts"
    summary = element("summary", f"{len(scene.others)} other {kind}{noun}")
    items = [_other(item, thumbnails) for item in scene.others]
    return element("details", summary, element("ul", *items, class_="others"), class_="fold")


def _other(item: DrawnAttempt, thumbnails: Pictures) -> Html:
    tile = thumbnails.found(item)
    told = f"attempt {item.attempt.attempt}, {_badge(item)}"
    shown = (
        element("span", tile, class_="missing")
        if isinstance(tile, str)
        else void_element("img", src=data_uri(tile), alt=f"Picture of {told}", decoding="async")
    )
    return element(
        "li",
        shown,
        element("strong", f"Attempt {item.attempt.attempt}: {reason_of(item) or item.status}"),
        element("span", f"{objects_text(item)} · {scores_text(item)}"),
        class_=item.status.replace(" ", "-"),
    )
