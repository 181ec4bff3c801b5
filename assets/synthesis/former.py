"""What an earlier version of the same order holds that need not be drawn again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from assets.synthesis.attempting import scene_key
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import ExecutionProfile, ObjectAttempt, SceneAttempt
from storage.store import Store

SceneRows: TypeAlias = Mapping[str, Sequence[Any]]
"""Rows of one scene by table."""


def sound_scenes(version: ManifestVersion, store: Store) -> dict[str, SceneRows]:
    """Rows of each scene whose pictures are all in the store; none if a part cannot be read.

    A scene in quarantine is not among them: its file may have been put right.
    """
    rows = store.manifests.rows
    try:
        rows(version, "quarantine")
        attempts = to_records(rows(version, "scene_attempts"), SceneAttempt)
        objects = to_records(rows(version, "object_attempts"), ObjectAttempt)
        profiles = to_records(rows(version, "execution_profiles"), ExecutionProfile)
    except DamagedPartError:
        return {}
    of_scene: defaultdict[str, list[SceneAttempt]] = defaultdict(list)
    objects_of: defaultdict[str, list[ObjectAttempt]] = defaultdict(list)
    for attempt in attempts:
        of_scene[scene_key(attempt)].append(attempt)
    for row in objects:
        objects_of[scene_key(row)].append(row)
    return {
        key: {
            "scene_attempts": found,
            "object_attempts": objects_of[key],
            "execution_profiles": _used(profiles, found),
        }
        for key, found in of_scene.items()
        if not lost_pictures(found, store)
    }


def _used(
    profiles: Sequence[ExecutionProfile], attempts: Sequence[SceneAttempt]
) -> list[ExecutionProfile]:
    used = {attempt.profile_id for attempt in attempts}
    return [profile for profile in profiles if profile.profile_id in used]


def lost_pictures(attempts: Sequence[SceneAttempt], store: Store) -> frozenset[str]:
    """Blobs that the rows name and that the store does not have."""
    names = {
        name
        for row in attempts
        for name in (row.image_sha256, row.thumbnail_sha256, row.layout_sha256)
        if name is not None
    }
    return frozenset(name for name in names if not store.blobs.exists(name))
