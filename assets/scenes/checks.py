"""Blocking checks of scene requests, answered from what was committed for a partition."""

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from assets.answers import answer, check_specs
from assets.scenes.order import BANK
from assets.scenes.requests import ASSET
from models.scenes import reserved_names
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import OodObject, Quarantined
from storage.scene_records import SceneRequest
from storage.store import Store


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Shares of frames that still pass, 0 to 1."""

    max_bad_frac: float
    max_empty_frac: float


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a partition holds now, beside the bank that its objects must be in."""

    version: ManifestVersion
    requests: tuple[SceneRequest, ...]
    bad: tuple[Quarantined, ...]
    kept_objects: frozenset[str]


def read_committed(version: ManifestVersion, store: Store) -> Committed:
    """The rows of a version and the ids that the latest bank keeps."""
    objects = store.manifests.read_records(BANK, BANK, OodObject)
    rows = store.manifests.rows
    return Committed(
        version=version,
        requests=tuple(to_records(rows(version, "scene_requests"), SceneRequest)),
        bad=tuple(to_records(rows(version, "quarantine"), Quarantined)),
        kept_objects=frozenset(row.object_id for row in objects if row.verdict == "kept"),
    )


def check_scenes(found: Committed, limits: Limits) -> dg.AssetCheckResult:
    """Few frames have no scene at all, and some scene is requested."""
    frames = {row.frame_id for row in found.requests}
    empty = frames - {row.frame_id for row in found.requests if row.reason is None}
    problems = []
    if len(empty) > limits.max_empty_frac * len(frames) or empty == frames:
        problems = [
            f"{len(empty)} of {len(frames)} frames have no scene, limit {limits.max_empty_frac}; "
            "the column reason says why"
        ]
    return answer(
        ASSET, "scenes_requested", problems, {"frames": len(frames), "without_scene": len(empty)}
    )


def check_objects(found: Committed, _limits: Limits) -> dg.AssetCheckResult:
    """Every object is in the latest bank and kept there."""
    named = {name for row in found.requests for name in row.object_ids}
    lost = sorted(named - found.kept_objects)
    problems = [f"{name} is not kept in the bank; materialize {ASSET} again" for name in lost]
    return answer(ASSET, "objects_in_bank", problems, {"objects": len(named), "lost": len(lost)})


def check_reserved(found: Committed, _limits: Limits) -> dg.AssetCheckResult:
    """No reserved place or kind of the miniature is requested; other worlds reserve nothing."""
    reserved = reserved_names() if found.version.provenance["world"] == "miniature" else frozenset()
    named = {
        name.lower()
        for row in found.requests
        for name in (row.place, *row.object_class_names)
        if name is not None
    }
    met = sorted(named & reserved)
    problems = [f"{name} is reserved for measuring; take it off the list" for name in met]
    return answer(ASSET, "nothing_reserved", problems, {"reserved": len(reserved), "met": len(met)})


def check_quarantine(found: Committed, limits: Limits) -> dg.AssetCheckResult:
    """Few frames are in quarantine."""
    n_bad, n_frames = len(found.bad), int(found.version.provenance["frames"])
    problems = []
    if n_bad > limits.max_bad_frac * n_frames:
        first = f"the first: {found.bad[0].item}: {found.bad[0].reason}"
        problems = [f"{n_bad} of {n_frames} frames, limit {limits.max_bad_frac}; {first}"]
    return answer(ASSET, "few_quarantined", problems, {"quarantined": n_bad, "frames": n_frames})


QUESTIONS: dict[str, Callable[[Committed, Limits], dg.AssetCheckResult]] = {
    "scenes_requested": check_scenes,
    "objects_in_bank": check_objects,
    "nothing_reserved": check_reserved,
    "few_quarantined": check_quarantine,
}

CHECK_SPECS = check_specs(ASSET, QUESTIONS)
"""Answered by the asset itself: a separate check would not know which partition to read."""


def answer_all(version: ManifestVersion, store: Store, limits: Limits) -> list[dg.AssetCheckResult]:
    """One answer to each question about a version."""
    found = read_committed(version, store)
    return [question(found, limits) for question in QUESTIONS.values()]
