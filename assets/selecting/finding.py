"""The scenes of the rounds and imported sets that a selection names, as the store holds them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assets.importing.scenes import ASSET as IMPORTED
from assets.labelling.labels import ASSET as LABELLED
from assets.labelling.labels import TABLE
from assets.selecting.choosing import Candidate, listed
from assets.selecting.samples import has_pictures
from assets.selecting.selection import Selection
from storage.blobs import BlobStore
from storage.manifests.history import History
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import LabelledScene


@dataclass(frozen=True, kw_only=True)
class Found:
    """Candidates in the order of preference, and the version that holds each."""

    candidates: tuple[Candidate, ...]
    versions: Mapping[tuple[str, str], ManifestVersion]

    def version_of(self, candidate: Candidate) -> ManifestVersion:
        """The version that holds a candidate."""
        return self.versions[candidate.asset, _partition_of(candidate)]


def find_scenes(manifests: History, selection: Selection) -> Found:
    """The latest scenes of all that a selection names: rounds as listed, then imported sets.

    Only partitions of these rounds and sets are read, so that no other can stop or change anything.

    Raises:
        ValueError: if a round or set is unknown, or holds no scene.
        DamagedPartError: if rows cannot be read.
    """
    by_round = _by_round(manifests.partitions(LABELLED))
    rounds = _known("a round", selection.rounds, by_round, f"materialize {LABELLED} of it first")
    there = manifests.partitions(IMPORTED)
    sets = _known("an imported set", selection.imported, there, "run `multishift import`")
    named = [(LABELLED, key) for name in rounds for key in by_round[name]]
    named += [(IMPORTED, name) for name in sets]
    versions = {place: manifests.wanted(*place) for place in named}
    rows = {
        place: to_records(manifests.rows(version, TABLE), LabelledScene)
        for place, version in versions.items()
    }
    found = [
        Candidate(asset=asset, scene=scene) for (asset, _), some in rows.items() for scene in some
    ]
    _refuse_empty(found, selection, is_anything_there=bool(rows))
    return Found(candidates=tuple(found), versions=versions)


def refuse_lost_pictures(candidates: Sequence[Candidate], blobs: BlobStore) -> None:
    """Nothing, if every picture and label is in the store.

    Raises:
        ValueError: telling how many are not, and which partitions to materialize again.
    """
    lost = [candidate for candidate in candidates if not has_pictures(candidate.scene, blobs)]
    if not lost:
        return
    scene = lost[0].scene
    places = {f"{candidate.asset} {_partition_of(candidate)}" for candidate in lost}
    raise ValueError(
        f"{blobs.folder}: need picture and label of all {len(candidates)} chosen scenes, got "
        f"{len(lost)} of which one is missing, the first: {scene.round}, frame {scene.frame_id}, "
        f"variant {scene.variant}; materialize again: {listed(places)}"
    )


def _by_round(keys: Iterable[str]) -> dict[str, list[str]]:
    """Partitions, ``<city>|<round>``, of each round."""
    rounds: dict[str, list[str]] = {}
    for key in sorted(keys):
        rounds.setdefault(key.rpartition("|")[2], []).append(key)
    return rounds


def _known(
    what: str, named: Sequence[str] | Literal["all"], there: Collection[str], cure: str
) -> list[str]:
    """The names in their order, or all that are there in the order of their names."""
    if named == "all":
        return sorted(there)
    unknown = [name for name in named if name not in there]
    if unknown:
        raise ValueError(
            f"need {what} that the store holds ({listed(there) or 'none is there'}), "
            f"got {', '.join(map(repr, unknown))}; correct the selection, or {cure}"
        )
    return list(named)


def _refuse_empty(
    found: Sequence[Candidate], selection: Selection, *, is_anything_there: bool
) -> None:
    """Stop where nothing, or nothing of a round or set that is named, is there to be chosen."""
    if not is_anything_there:
        raise ValueError(
            f"need a scene to choose from, got a store without {LABELLED} and {IMPORTED}; "
            f"materialize {LABELLED} first, or import a set"
        )
    full = {(candidate.asset, candidate.scene.round) for candidate in found}
    for asset, named in ((LABELLED, selection.rounds), (IMPORTED, selection.imported)):
        empty = [] if named == "all" else [name for name in named if (asset, name) not in full]
        if empty or not found:
            raise ValueError(
                f"need scenes in {asset}, got an empty manifest of {', '.join(empty) or 'all'}: "
                "nothing was accepted there; take it out of the selection, or materialize it again"
            )


def _partition_of(candidate: Candidate) -> str:
    scene = candidate.scene
    return scene.round if candidate.asset == IMPORTED else f"{scene.city}|{scene.round}"
