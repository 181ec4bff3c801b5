"""Blocking checks of synthetic scenes, answered from what was committed for a partition."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import dagster as dg

from assets.answers import answer, check_specs
from assets.lineage import parent_version
from assets.scenes.requests import ASSET as REQUESTS
from assets.synthesis.former import lost_pictures
from assets.synthesis.synthesis import ASSET
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import ObjectAttempt, SceneAttempt, SceneRequest
from storage.store import Store

AttemptKey: TypeAlias = tuple[str, int, int]
"""Frame, variant and attempt."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Shares of scenes that still pass, 0 to 1."""

    max_bad_frac: float
    min_kept_frac: float


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a partition holds now."""

    attempts: tuple[SceneAttempt, ...]
    objects: tuple[ObjectAttempt, ...]
    n_requested: Mapping[AttemptKey, int]
    bad: tuple[Quarantined, ...]
    lost_blobs: frozenset[str]

    @property
    def scenes(self) -> frozenset[tuple[str, int]]:
        """Scenes with an attempt."""
        return frozenset((row.frame_id, row.variant) for row in self.attempts)


def read_committed(version: ManifestVersion, store: Store) -> Committed:
    """The rows of a version, and the pictures that they name and that are not there."""
    rows = store.manifests.rows
    attempts = tuple(to_records(rows(version, "scene_attempts"), SceneAttempt))
    requests = rows(parent_version(version, REQUESTS, store), REQUESTS)
    return Committed(
        attempts=attempts,
        n_requested={
            (row.frame_id, row.variant, row.attempt): len(row.object_ids)
            for row in to_records(requests, SceneRequest)
        },
        objects=tuple(to_records(rows(version, "object_attempts"), ObjectAttempt)),
        bad=tuple(to_records(rows(version, "quarantine"), Quarantined)),
        lost_blobs=lost_pictures(attempts, store),
    )


def check_kept(found: Committed, limits: Limits) -> dg.AssetCheckResult:
    """Enough scenes have a picture that passed."""
    kept = {(row.frame_id, row.variant) for row in found.attempts if row.is_kept}
    n_scenes = len(found.scenes)
    problems = []
    if not n_scenes:
        problems = ["no scene was drawn; the tables scene_requests and quarantine say why"]
    elif not kept or len(kept) < limits.min_kept_frac * n_scenes:
        problems = [
            f"{len(kept)} of {n_scenes} scenes have a kept picture, floor {limits.min_kept_frac}; "
            "look at the scores, then request more attempts or loosen the thresholds"
        ]
    return answer(ASSET, "scenes_kept", problems, {"scenes": n_scenes, "kept": len(kept)})


def check_pictures(found: Committed, _limits: Limits) -> dg.AssetCheckResult:
    """Every picture that a row names is in the store, and every kept attempt has one."""
    problems = [
        f"blob {name} is missing; materialize {ASSET} again" for name in sorted(found.lost_blobs)
    ]
    problems += [
        f"{row.frame_id}, variant {row.variant}, attempt {row.attempt} is kept without a picture"
        for row in found.attempts
        if row.is_kept and row.image_sha256 is None
    ]
    return answer(ASSET, "pictures_there", problems, {"attempts": len(found.attempts)})


def check_objects(found: Committed, _limits: Limits) -> dg.AssetCheckResult:
    """Every attempt has the scores of all objects requested, and no object lacks its attempt."""
    attempts, n_scored = set(map(_key, found.attempts)), Counter(map(_key, found.objects))
    problems = [
        f"{name} has the scores of {n_scored[name]} objects, of {found.n_requested.get(name)}"
        for name in sorted(attempts)
        if n_scored[name] != found.n_requested.get(name)
    ]
    lost = sorted(n_scored.keys() - attempts)
    problems += [f"{name} has objects and no picture" for name in lost]
    return answer(ASSET, "objects_scored", problems, {"objects": len(found.objects)})


def _key(row: SceneAttempt | ObjectAttempt) -> AttemptKey:
    return row.frame_id, row.variant, row.attempt


def check_quarantine(found: Committed, limits: Limits) -> dg.AssetCheckResult:
    """Few scenes are in quarantine."""
    n_scenes, problems = len(found.scenes) + len(found.bad), []
    if len(found.bad) > limits.max_bad_frac * n_scenes:
        first = f"the first: {found.bad[0].item}: {found.bad[0].reason}"
        problems = [f"{len(found.bad)} of {n_scenes} scenes, limit {limits.max_bad_frac}; {first}"]
    return answer(
        ASSET, "few_quarantined", problems, {"quarantined": len(found.bad), "scenes": n_scenes}
    )


QUESTIONS: dict[str, Callable[[Committed, Limits], dg.AssetCheckResult]] = {
    "scenes_kept": check_kept,
    "pictures_there": check_pictures,
    "objects_scored": check_objects,
    "few_quarantined": check_quarantine,
}

CHECK_SPECS = check_specs(ASSET, QUESTIONS)


def answer_all(version: ManifestVersion, store: Store, limits: Limits) -> list[dg.AssetCheckResult]:
    """One answer to each question about a version."""
    found = read_committed(version, store)
    return [question(found, limits) for question in QUESTIONS.values()]
