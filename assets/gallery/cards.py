"""The card of a scene: its picture in four views, its verdict, its facts, its other attempts."""

import json
from collections.abc import Mapping, Sequence

from assets.gallery.counts import reason_of
from assets.gallery.markup import NOTHING, Html, Value, element, fill, void_element
from assets.gallery.rows import PLAIN, DrawnAttempt, DrawnScene
from assets.gallery.shown import CODED, Shown, Shows
from assets.gallery.words import (
    condition_text,
    licenses,
    object_facts,
    objects_text,
    profile_text,
    scores_text,
    share_text,
)
from assets.tracing.names import SampleName

LABELLED = "labelled_scenes"
_OBJECT_HEADS = ("object", "IoU", "SAM's own", "OOD score", "px asked", "px found")


_NAMES = {"picture": "Picture", "label": "Label", "layout": "Layout", "photograph": "Photo"}


def scene_card(
    scene: DrawnScene,
    shows: Shows,
    decision: Html = NOTHING,
    more_facets: Mapping[str, Sequence[str]] | None = None,
) -> Html:
    """List item of one scene; it carries what it can be filtered by, and where to decide on it."""
    item = scene.shown
    row = item.attempt
    views = {slot: shows.shown(item, slot) for slot in _NAMES}
    names = dict(_NAMES)
    if views["label"].src is None and item.objects:  # masks that were compared stand for a label
        views["label"], names["label"] = shows.shown(item, "masks"), "Masks"
    return fill(
        "card.html",
        status=item.status.replace(" ", "-"),
        facets=json.dumps({**facets(scene), **(more_facets or {})}, sort_keys=True),
        decision=decision,
        ratio=f"{row.width_px} / {row.height_px}",
        title=_title(item),
        images=Html("".join(_image(slot, names[slot], views[slot], item) for slot in views)),
        buttons=Html("".join(_button(slot, names[slot], views[slot]) for slot in views)),
        badge=_badge(item),
        objects=objects_text(item),
        place=item.place if item.place != PLAIN else "",
        frame=f"{row.frame_id} · scene {row.variant}",
        scores=scores_text(item),
        facts=_facts(scene),
        others=_others(scene, shows),
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


def sample_of(scene: DrawnScene) -> SampleName:
    """Name of the sample that a scene is once it is labelled."""
    row = scene.shown.attempt
    return SampleName(
        asset=LABELLED,
        round=scene.partition.round,
        frame_id=row.frame_id,
        variant=row.variant,
    )


def _title(item: DrawnAttempt) -> str:
    return "Plain template" if item.condition == PLAIN else item.condition.capitalize()


def _image(slot: str, name: str, view: Shown, item: DrawnAttempt) -> Html:
    if view.src is None:
        return element("span", view.missing, class_="missing", data_view=slot)
    return void_element(
        "img",
        data_view=slot,
        class_="coded" if slot in CODED and name != "Masks" else None,
        src=view.src,
        alt=f"{name}: {condition_text(item)}, with {objects_text(item)}",
        decoding="async",
        loading="lazy" if view.is_lazy else None,
    )


def _button(slot: str, name: str, view: Shown) -> Html:
    return element(
        "button",
        name,
        type="button",
        data_view=slot,
        aria_pressed="true" if slot == "picture" else "false",
        disabled=view.src is None,
        title=view.missing if view.src is None else None,
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
        "Lineage": f"multishift lineage {sample_of(scene)}" if item.label else "not labelled yet",
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


def _others(scene: DrawnScene, shows: Shows) -> Html:
    if not scene.others:
        return Html("")
    n_rejected = sum(item.status == "rejected" for item in scene.others)
    kind = "rejected " if n_rejected == len(scene.others) else ""
    noun = "attempt" if len(scene.others) == 1 else "attempts"
    summary = element("summary", f"{len(scene.others)} other {kind}{noun}")
    items = [_other(item, shows) for item in scene.others]
    return element("details", summary, element("ul", *items, class_="others"), class_="fold")


def _other(item: DrawnAttempt, shows: Shows) -> Html:
    view = shows.shown(item, "thumbnail")
    told = f"attempt {item.attempt.attempt}, {_badge(item)}"
    shown = (
        element("span", view.missing, class_="missing")
        if view.src is None
        else void_element(
            "img",
            src=view.src,
            alt=f"Picture of {told}",
            decoding="async",
            loading="lazy" if view.is_lazy else None,
        )
    )
    return element(
        "li",
        shown,
        element("strong", f"Attempt {item.attempt.attempt}: {reason_of(item) or item.status}"),
        element("span", f"{objects_text(item)} · {scores_text(item)}"),
        class_=item.status.replace(" ", "-"),
    )
