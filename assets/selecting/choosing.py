"""Which scenes a selection takes: filters, decisions and variants a frame, step after step."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assets.retracting.sources import Retracted
from assets.reviewing.reviews import PictureKey
from assets.selecting.selection import PLAIN, Filters, Veto
from storage.review_records import ACCEPTED, VETOED, Review
from storage.scene_records import LabelledScene

MAX_NAMED = 12


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A labelled scene, and the asset that holds it."""

    asset: str
    scene: LabelledScene


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What people decided outside of selection files.

    Attributes:
        reviews: decisions on pictures that hold.
        retracted: sources that may not be used.
        reviewed_only: whether a picture must have been accepted to be taken.
    """

    reviews: Mapping[PictureKey, Review] = field(default_factory=dict)
    retracted: Retracted = field(default_factory=Retracted)
    reviewed_only: bool = False

    def admits(self, candidate: Candidate) -> bool:
        """Whether no review keeps a scene out; a review of another picture does not count."""
        key = (*_key(candidate), candidate.scene.image_sha256)
        review = self.reviews.get(key)
        decision = None if review is None else review.decision
        return decision == ACCEPTED if self.reviewed_only else decision != VETOED

    def allows(self, candidate: Candidate) -> bool:
        """Whether nothing that a scene was made from is retracted."""
        return not self.retracted.has_sample(candidate.asset, candidate.scene)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is taken, and how many scenes were left after each step, in order."""

    candidates: tuple[Candidate, ...]
    steps: Mapping[str, int]


Step: TypeAlias = tuple[str, Callable[[list[Candidate]], list[Candidate]]]


def choose_scenes(
    found: Sequence[Candidate],
    filters: Filters,
    vetoed: Sequence[Veto] = (),
    *,
    held_out: frozenset[str] = frozenset(),
    decided: Decided | None = None,
) -> Chosen:
    """The scenes that pass; of a frame the first ones, in the order given.

    Args:
        found: candidates, the preferred rounds first.
        filters: what a scene must be.
        vetoed: samples that are never taken.
        held_out: frames that no network may be trained on.
        decided: reviews and retractions.

    Raises:
        ValueError: if a filter names what no candidate is, or a veto one that is not there.
    """
    _refuse_unknown(found, filters)
    _refuse_lost_vetoes(found, vetoed)
    left, steps = list(found), {"found": len(found)}
    for name, keep in _steps(filters, vetoed, held_out, decided or Decided()):
        left = keep(left)
        steps[name] = len(left)
    return Chosen(candidates=tuple(left), steps=steps)


def told_steps(steps: Mapping[str, int]) -> str:
    """The steps in words: ``120 found, 30 after cities, 0 after weather``."""
    words = ((f"after {name}" if number else name) for number, name in enumerate(steps))
    return ", ".join(f"{count} {word}" for word, count in zip(words, steps.values(), strict=True))


def _steps(
    filters: Filters, vetoed: Sequence[Veto], held_out: frozenset[str], decided: Decided
) -> list[Step]:
    vetoes = {_veto_key(veto) for veto in vetoed}
    steps: list[Step] = [
        ("held-out frames", _keeper(lambda c: c.scene.frame_id not in held_out)),
        ("retractions", _keeper(decided.allows)),
        ("vetoes", _keeper(lambda c: _key(c) not in vetoes)),
        ("reviews", _keeper(decided.admits)),
    ]
    for name, values_of in _VALUES.items():
        wanted = set(getattr(filters, name))
        if wanted:
            steps.append((name, _keeper(_meets(values_of, wanted))))
    min_iou, min_px, max_variants = (
        filters.min_object_iou,
        filters.min_ood_px,
        filters.max_variants,
    )
    if min_iou is not None:
        steps.append(
            ("min_object_iou", _keeper(lambda c: min(c.scene.object_ious, default=0) >= min_iou))
        )
    if min_px is not None:
        steps.append(("min_ood_px", _keeper(lambda c: c.scene.n_ood_px >= min_px)))
    if max_variants is not None:
        steps.append(("max_variants", lambda left: _first_of_each(left, max_variants)))
    return steps


def _keeper(is_kept: Callable[[Candidate], bool]) -> Callable[[list[Candidate]], list[Candidate]]:
    return lambda left: list(filter(is_kept, left))


def _meets(
    values_of: Callable[[LabelledScene], Iterable[str]], wanted: set[str]
) -> Callable[[Candidate], bool]:
    """Whether all that a scene is, is wanted: of two objects both must be."""
    return lambda candidate: set(values_of(candidate.scene)) <= wanted


_VALUES: Mapping[str, Callable[[LabelledScene], Iterable[str]]] = {
    "cities": lambda scene: [scene.city],
    "weather": lambda scene: [scene.weather or PLAIN],
    "time": lambda scene: [scene.time or PLAIN],
    "places": lambda scene: [scene.place or PLAIN],
    "object_classes": lambda scene: scene.object_class_names,
}
"""Filters that list values, and what a scene is in their terms."""


def _first_of_each(left: list[Candidate], max_variants: int) -> list[Candidate]:
    counted: Counter[str] = Counter()
    kept = []
    for candidate in left:
        counted[candidate.scene.frame_id] += 1
        if counted[candidate.scene.frame_id] <= max_variants:
            kept.append(candidate)
    return kept


def _refuse_unknown(found: Sequence[Candidate], filters: Filters) -> None:
    """A value that no scene has is a slip of the pen more often than a wish."""
    for name, values_of in _VALUES.items():
        known = {value for candidate in found for value in values_of(candidate.scene)}
        unknown = [value for value in getattr(filters, name) if value not in known]
        if unknown:
            raise ValueError(
                f"filters.{name}: need values that some chosen scene has ({listed(known)}), got "
                f"{', '.join(map(repr, unknown))}"
            )


def _refuse_lost_vetoes(found: Sequence[Candidate], vetoed: Sequence[Veto]) -> None:
    """A veto of a chosen round must be of a scene that is there; one of another round waits."""
    keys = set(map(_key, found))
    sources = {(asset, source) for asset, source, _, _ in keys}
    for number, veto in enumerate(vetoed):
        key = _veto_key(veto)
        if key[:2] in sources and key not in keys:
            raise ValueError(
                f"vetoed.{number}: need a scene of {veto.source}, got frame {veto.frame!r}, "
                f"variant {veto.variant}, which is not there; correct or remove the veto"
            )


def _key(candidate: Candidate) -> tuple[str, str, str, int]:
    scene = candidate.scene
    return candidate.asset, scene.round, scene.frame_id, scene.variant


def _veto_key(veto: Veto) -> tuple[str, str, str, int]:
    asset = "labelled_scenes" if veto.imported is None else "imported_scenes"
    return asset, veto.source, veto.frame, veto.variant


def listed(names: Iterable[str]) -> str:
    """The first names in their order, and how many more there are."""
    ordered = sorted(names)
    more = f", and {len(ordered) - MAX_NAMED} more" if len(ordered) > MAX_NAMED else ""
    return ", ".join(ordered[:MAX_NAMED]) + more
