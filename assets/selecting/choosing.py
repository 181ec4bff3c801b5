"""Which scenes a selection takes: filters, decisions and variants a frame, step after step."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assets.retracting.sources import Retracted
from assets.reviewing.standing import Held, Standing
from assets.selecting.absent import absent_values, absent_vetoes
from assets.selecting.candidates import VALUES, Candidate, name_of_veto
from assets.selecting.selection import Filters, Veto
from storage.review_records import ACCEPTED, VETOED
from storage.scene_records import LabelledScene


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What people decided outside of selection files.

    Attributes:
        reviews: decisions of people on samples.
        retracted: sources that may not be used.
        reviewed_only: whether a scene must have been accepted to be taken.
    """

    reviews: Standing = field(default_factory=Standing)
    retracted: Retracted = field(default_factory=Retracted)
    reviewed_only: bool = False

    def held(self, candidate: Candidate) -> Held | None:
        """The review of a scene, None if there is none."""
        scene = candidate.scene
        return self.reviews.on(candidate.name, scene.image_sha256, scene.label_sha256)

    def admits(self, candidate: Candidate) -> bool:
        """Whether no review keeps a scene out."""
        held = self.held(candidate)
        decision = None if held is None else held.decision
        return decision == ACCEPTED if self.reviewed_only else decision != VETOED

    def allows(self, candidate: Candidate) -> bool:
        """Whether nothing that a scene was made from is retracted."""
        return not self.retracted.has_sample(candidate.asset, candidate.scene)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What is taken, how many scenes were left after each step in order, and what to know of it."""

    candidates: tuple[Candidate, ...]
    steps: Mapping[str, int]
    notes: tuple[str, ...] = ()


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
        ValueError: if a filter names what no candidate is, or a veto one that is not there, and
            nothing is retracted that would explain it.
    """
    decided = decided or Decided()
    notes = [
        *absent_values(found, filters, decided.retracted),
        *absent_vetoes(found, vetoed, decided.retracted),
        *_outdated(found, decided),
    ]
    left, steps = list(found), {"found": len(found)}
    for name, keep in _steps(filters, vetoed, held_out, decided):
        left = keep(left)
        steps[name] = len(left)
    return Chosen(candidates=tuple(left), steps=steps, notes=tuple(notes))


def told_steps(steps: Mapping[str, int]) -> str:
    """The steps in words: ``120 found, 30 after cities, 0 after weather``."""
    words = ((f"after {name}" if number else name) for number, name in enumerate(steps))
    return ", ".join(f"{count} {word}" for word, count in zip(words, steps.values(), strict=True))


def _steps(
    filters: Filters, vetoed: Sequence[Veto], held_out: frozenset[str], decided: Decided
) -> list[Step]:
    vetoes = set(map(name_of_veto, vetoed))
    steps: list[Step] = [
        ("held-out frames", _keeper(lambda c: c.scene.frame_id not in held_out)),
        ("retractions", _keeper(decided.allows)),
        ("vetoes", _keeper(lambda c: c.name not in vetoes)),
        ("reviews", _keeper(decided.admits)),
    ]
    for name, values_of in VALUES.items():
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


def _first_of_each(left: list[Candidate], max_variants: int) -> list[Candidate]:
    counted: Counter[str] = Counter()
    kept = []
    for candidate in left:
        counted[candidate.scene.frame_id] += 1
        if counted[candidate.scene.frame_id] <= max_variants:
            kept.append(candidate)
    return kept


def _outdated(found: Iterable[Candidate], decided: Decided) -> list[str]:
    """A note on reviews of scenes whose picture or label is another one by now."""
    held = [one for one in map(decided.held, found) if one is not None and not one.fits]
    if not held:
        return []
    n_vetoes = sum(one.decision == VETOED for one in held)
    return [
        f"{len(held)} scenes have another picture or label than the one that was reviewed: "
        f"{n_vetoes} vetoes stay, {len(held) - n_vetoes} acceptances lapsed; review them again"
    ]
