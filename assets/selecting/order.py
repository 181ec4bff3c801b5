"""What a training set is made of: chosen scenes, their photographs, and the versions read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assets.lineage import parents_of
from assets.resources import DataRoot
from assets.retracting.retractions import ASSET as RETRACTIONS
from assets.retracting.retractions import read_retracted
from assets.reviewing.reviews import ASSET as REVIEWS
from assets.reviewing.reviews import read_reviews
from assets.reviewing.standing import standing
from assets.selecting.candidates import Candidate
from assets.selecting.choosing import Decided, choose_scenes, told_steps
from assets.selecting.finding import find_scenes, refuse_lost_pictures
from assets.selecting.originals import OriginalItem, held_out_frames, known_frames
from assets.selecting.selection import Selection
from storage.manifests.pointers import ManifestVersion
from storage.store import Store

CODE_VERSION = "1"
"""Raise it when the rows of equal inputs and an equal selection change."""


@dataclass(frozen=True, kw_only=True)
class PairOrder:
    """Scenes that a selection takes, frames whose photographs go with them, and what to know."""

    name: str
    selection: Selection
    chosen: tuple[Candidate, ...]
    items: tuple[OriginalItem, ...]
    steps: Mapping[str, int]
    notes: tuple[str, ...]
    sources: tuple[ManifestVersion, ...]
    decisions: tuple[ManifestVersion, ...]
    data_root: Path
    max_bad_frac: float

    @property
    def parents(self) -> dict[str, str]:
        """The versions that hold a chosen scene, and the decisions that were looked at."""
        return parents_of(*self.sources, *self.decisions)


def plan_pairs(
    name: str, selection: Selection, data: DataRoot, store: Store, *, max_bad_frac: float
) -> PairOrder:
    """Choose scenes from the latest versions of what a selection names; no picture is opened.

    Raises:
        FileNotFoundError: if the data root is not there.
        ValueError: if a round, set, filter or veto names nothing that exists, nothing is left, a
            picture is no longer in the store, or Cityscapes is not below the data root.
    """
    root = data.folder
    try:
        return _planned(name, selection, root, store, max_bad_frac)
    except ValueError as error:
        raise ValueError(f"selection {name}: {error}") from error


def _planned(
    name: str, selection: Selection, root: Path, store: Store, max_bad_frac: float
) -> PairOrder:
    decided = _decided(selection, store)
    found = find_scenes(store.manifests, selection, decided.retracted)
    known = known_frames(root)
    decisions = tuple(filter(None, map(store.manifests.latest, (REVIEWS, RETRACTIONS))))
    chosen = choose_scenes(
        found.candidates,
        selection.filters,
        selection.vetoed,
        held_out=held_out_frames(known),
        decided=decided,
    )
    notes = (*found.notes, *chosen.notes)
    if not chosen.candidates:
        told = "; ".join((told_steps(chosen.steps), *notes))
        raise ValueError(
            f"need a scene that passes all filters, got none: {told}; loosen the filter that left "
            "none"
        )
    refuse_lost_pictures(chosen.candidates, store.blobs)
    frame_ids = sorted({candidate.scene.frame_id for candidate in chosen.candidates})
    sources = {
        (version.asset, version.partition): version
        for version in map(found.version_of, chosen.candidates)
    }
    return PairOrder(
        name=name,
        selection=selection,
        chosen=chosen.candidates,
        items=tuple(
            OriginalItem(frame_id=frame_id, frame=known.get(frame_id), data_root=str(root))
            for frame_id in frame_ids
        ),
        steps=chosen.steps,
        notes=notes,
        sources=tuple(sources[place] for place in sorted(sources)),
        decisions=decisions,
        data_root=root,
        max_bad_frac=max_bad_frac,
    )


def _decided(selection: Selection, store: Store) -> Decided:
    return Decided(
        reviews=standing(read_reviews(store)),
        retracted=read_retracted(store),
        reviewed_only=selection.reviewed_only,
    )
