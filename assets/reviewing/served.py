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
from assets.reviewing.reviews import MAX_REASON_LETTERS
from assets.reviewing.standing import Held, Standing
from storage.blobs import BlobStore
from storage.review_records import ACCEPTED, VETOED, Review

UNDECIDED = "undecided"
_DIGITS = 16
_LAPSED = {ACCEPTED: "does not hold any more", VETOED: "holds until you decide again"}
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
        return Shown(src=f"/picture/{path}?of={edition_of(item, way)}", is_lazy=True)

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


def edition_of(item: DrawnAttempt, way: str) -> str:
    """Which of its pictures an address means: another one has another address."""
    shown = item.label.label_sha256 if way == "label" and item.label else item.attempt.pixels_sha256
    return shown[:_DIGITS]


def serving(held: Standing, token: str) -> Serving:
    """What the page has besides: decisions that hold, and buttons for new ones."""
    return Serving(
        decision=lambda scene: _decision(scene, held),
        facets=lambda scene: _facets(scene, held),
        groups={"review": (UNDECIDED, ACCEPTED, VETOED)},
        head=Html(
            void_element("meta", name="multishift-token", content=token)
            + void_element("link", rel="icon", href="data:,")  # or browsers ask for one in vain
        ),
        script=_packaged("review.js"),
        style=_packaged("review.css"),
    )


def said(review: Review, *, fits: bool = True) -> str:
    """A decision in words; where it does not fit any more, what that means."""
    reason = f": {review.reason}" if review.reason else ""
    told = f"{review.decision} by {review.reviewer}, {review.decided[:10]}{reason}"
    return told if fits else f"{told} · of a former picture or label, {_LAPSED[review.decision]}"


def _facets(scene: DrawnScene, held: Standing) -> Mapping[str, tuple[str, ...]]:
    if scene.shown.label is None:
        return {"review": ()}
    return {"review": (_state(_held(scene, held)),)}


def _held(scene: DrawnScene, held: Standing) -> Held | None:
    label = scene.shown.label
    if label is None:
        return None
    return held.on(sample_of(scene), label.image_sha256, label.label_sha256)


def _state(held: Held | None) -> str:
    return (held and held.decision) or UNDECIDED


def _decision(scene: DrawnScene, held: Standing) -> Html:
    """Buttons of a labelled scene; nothing else can be in a training set."""
    row = scene.shown.label
    if row is None:
        return NOTHING
    found = _held(scene, held)
    decision = _state(found)
    sample = {
        "round": row.round,
        "city": row.city,
        "frame_id": row.frame_id,
        "variant": row.variant,
        "image_sha256": row.image_sha256,
        "label_sha256": row.label_sha256,
    }
    scene_name = f"{row.frame_id}, scene {row.variant}"
    buttons = [
        element(
            "button",
            word,
            type="button",
            data_decide=name,
            title=f"Key {name[0]}",
            aria_pressed=str(is_held).lower(),
        )
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
    words = said(found.review, fits=found.fits) if found else UNDECIDED
    told = element("p", words, class_="said", aria_live="polite")
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
