"""The scenes of the rounds and imported sets that a selection names, as the store holds them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assets.importing.scenes import ASSET as IMPORTED
from assets.labelling.labels import ASSET as LABELLED
from assets.labelling.labels import TABLE
from assets.retracting.sources import Retracted
from assets.selecting.absent import present_sources
from assets.selecting.candidates import Candidate, listed
from assets.selecting.samples import has_pictures
from assets.selecting.selection import Selection
from storage.blobs import BlobStore
from storage.manifests.history import History
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import LabelledScene


@dataclass(frozen=True, kw_only=True)
class Found:
    """Candidates in the order of preference, the version that holds each, and what is gone."""

    candidates: tuple[Candidate, ...]
    versions: Mapping[tuple[str, str], ManifestVersion]
    notes: tuple[str, ...] = ()

    def version_of(self, candidate: Candidate) -> ManifestVersion:
        """The version that holds a candidate."""
        return self.versions[candidate.asset, _partition_of(candidate)]


def find_scenes(manifests: History, selection: Selection, retracted: Retracted) -> Found:
    """The latest scenes of all that a selection names: rounds as listed, then imported sets.

    Only partitions of these rounds and sets are read, so that no other can stop or change anything.

    Raises:
        ValueError: if a round or set is unknown, or holds no scene, and nothing is retracted that
            would explain it; or if there is no scene at all.
        DamagedPartError: if rows cannot be read.
    """
    versions = {
        place: manifests.wanted(*place) for place in _places(manifests, selection, retracted)
    }
    rows = {
        place: to_records(manifests.rows(version, TABLE), LabelledScene)
        for place, version in versions.items()
    }
    found = [
        Candidate(asset=asset, scene=scene) for (asset, _), some in rows.items() for scene in some
    ]
    notes = _empty(found, selection, retracted, is_anything_there=bool(rows))
    return Found(candidates=tuple(found), versions=versions, notes=tuple(notes))


def _places(
    manifests: History, selection: Selection, retracted: Retracted
) -> list[tuple[str, str]]:
    """Asset and partition of all that a selection names."""
    by_round, sets = _by_round(manifests.partitions(LABELLED)), manifests.partitions(IMPORTED)
    rounds = present_sources(
        "a round", selection.rounds, by_round, cure=f"materialize {LABELLED} of it first"
    )
    imported = present_sources(
        "an imported set",
        selection.imported,
        sets,
        is_gone=retracted.has_set,
        cure="run `multishift import`",
    )
    places = [(LABELLED, key) for name in rounds for key in by_round[name]]
    return [*places, *((IMPORTED, name) for name in imported)]


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


def _empty(
    found: Sequence[Candidate],
    selection: Selection,
    retracted: Retracted,
    *,
    is_anything_there: bool,
) -> list[str]:
    """Notes on what is named and holds no scene; an error if nothing is left or retracted."""
    full = {(candidate.asset, candidate.scene.round) for candidate in found}
    empty = [
        (asset, name)
        for asset, named in ((LABELLED, selection.rounds), (IMPORTED, selection.imported))
        for name in (() if named == "all" else named)
        if (asset, name) not in full
    ]
    if not is_anything_there and not empty:
        raise ValueError(
            f"need a scene to choose from, got a store without {LABELLED} and {IMPORTED}; "
            f"materialize {LABELLED} first, or import a set"
        )
    if not found or (empty and not retracted):
        assets = {asset for asset, _ in empty} or {LABELLED if selection.rounds else IMPORTED}
        names = ", ".join(name for _, name in empty) or "all"
        why = "it is retracted, or nothing was accepted" if retracted else "nothing was accepted"
        raise ValueError(
            f"need scenes in {listed(assets)}, got an empty manifest of {names}: {why} there; take "
            "it out of the selection, or materialize it again"
        )
    return [f"{asset} of {name} holds no scene (any more)" for asset, name in empty]


def _partition_of(candidate: Candidate) -> str:
    scene = candidate.scene
    return scene.round if candidate.asset == IMPORTED else f"{scene.city}|{scene.round}"
