"""The gallery as a server shows it: pictures asked for one by one, and a decision at each scene."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from assets.gallery.cards import sample_of
from assets.gallery.markup import NOTHING, Html, element, void_element
from assets.gallery.page import Serving
from assets.gallery.rows import DrawnAttempt, DrawnScene
from assets.gallery.shown import Shown
from assets.reviewing.reviews import MAX_REASON_LETTERS, PictureKey
from storage.blobs import BlobStore
from storage.review_records import ACCEPTED, VETOED, Review

UNDECIDED = "undecided"
_BUTTONS = {ACCEPTED: "Accept", VETOED: "Veto"}


@dataclass(frozen=True)
class Asked:
    """Pictures that a browser asks for when it comes to them."""

    blobs: BlobStore
    data_root: Path | None

    def shown(self, item: DrawnAttempt, way: str) -> Shown:
        """The address of the picture, or why there will be none."""
        row = item.attempt
        missing = self._missing(item, way)
        if missing:
            return Shown(missing=missing)
        steps = (row.round, row.city, row.frame_id, str(row.variant), str(row.attempt), way)
        path = "/".join(quote(step, safe="") for step in steps)
        return Shown(src=f"/picture/{path}?of={row.pixels_sha256[:16]}", is_lazy=True)

    def _missing(self, item: DrawnAttempt, way: str) -> str:
        row = item.attempt
        if way == "label":
            return "" if item.label else "no label"
        if way == "photograph":
            return "" if self._has_photograph(item) else "photograph is not at hand"
        name = row.layout_sha256 if way == "layout" else row.image_sha256 or row.thumbnail_sha256
        return "" if self.blobs.exists(name) else "picture is missing in the store"

    def _has_photograph(self, item: DrawnAttempt) -> bool:
        if self.data_root is None or item.request is None:
            return False
        return (self.data_root / item.request.image).is_file()


def serving(held: Mapping[PictureKey, Review], token: str) -> Serving:
    """What the page has besides: decisions that hold, and buttons for new ones."""
    return Serving(
        decision=lambda scene: _decision(scene, held),
        facets=lambda scene: _facets(scene, held),
        groups={"review": (UNDECIDED, ACCEPTED, VETOED)},
        head=void_element("meta", name="multishift-token", content=token),
        script=_packaged("review.js"),
        style=_packaged("review.css"),
    )


def said(review: Review) -> str:
    """A decision in words."""
    reason = f": {review.reason}" if review.reason else ""
    return f"{review.decision} by {review.reviewer}, {review.decided[:10]}{reason}"


def _facets(scene: DrawnScene, held: Mapping[PictureKey, Review]) -> Mapping[str, tuple[str, ...]]:
    if scene.shown.label is None:
        return {"review": ()}
    review = _held(scene, held)
    return {"review": (review.decision if review else UNDECIDED,)}


def _held(scene: DrawnScene, held: Mapping[PictureKey, Review]) -> Review | None:
    name, label = sample_of(scene), scene.shown.label
    image = "" if label is None else label.image_sha256
    return held.get((name.asset, name.round, name.frame_id, name.variant, image))


def _decision(scene: DrawnScene, held: Mapping[PictureKey, Review]) -> Html:
    """Buttons of a labelled scene; nothing else can be in a training set."""
    row = scene.shown.label
    if row is None:
        return NOTHING
    review = _held(scene, held)
    decision = review.decision if review else UNDECIDED
    sample = {
        "round": row.round,
        "city": row.city,
        "frame_id": row.frame_id,
        "variant": row.variant,
        "image_sha256": row.image_sha256,
    }
    scene_name = f"{row.frame_id}, scene {row.variant}"
    buttons = [
        element("button", word, type="button", data_decide=name, aria_pressed=str(is_held).lower())
        for name, word in _BUTTONS.items()
        for is_held in [name == decision]
    ]
    reason = void_element(
        "input",
        type="text",
        maxlength=MAX_REASON_LETTERS,
        placeholder="Reason",
        aria_label=f"Reason for the decision on {scene_name}",
        autocomplete="off",
    )
    told = element("p", said(review) if review else "", class_="said", aria_live="polite")
    label = f"Decide on {scene_name}"
    choice = element("div", *buttons, class_="choice", role="group", aria_label=label)
    return element(
        "div",
        choice,
        reason,
        told,
        class_="review",
        data_decision=decision,
        data_sample=json.dumps(sample, sort_keys=True),
    )


def _packaged(name: str) -> str:
    return files("assets.reviewing").joinpath(name).read_text(encoding="utf-8")
