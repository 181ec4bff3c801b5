"""What was drawn in a partition, as the filter and the labels read it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from models.filtering import ObjectScores, SceneScores
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import LabelledScene, ObjectAttempt, SceneAttempt, SceneVerdict
from storage.store import Store

AttemptKey: TypeAlias = tuple[str, int, int]
"""Frame, variant and attempt: names a drawn picture within its partition."""

SceneKey: TypeAlias = tuple[str, int]
"""Frame and variant: names a scene within its partition."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Attempts of one version of `synthetic_scenes`, and the objects of each, in their order."""

    version: ManifestVersion
    attempts: tuple[SceneAttempt, ...]
    objects: Mapping[AttemptKey, tuple[ObjectAttempt, ...]]

    def scores(self, attempt: SceneAttempt) -> SceneScores:
        """Stored scores of one attempt."""
        objects = self.objects[attempt_key(attempt)]
        return SceneScores(
            objects=tuple(map(_object_scores, objects)), layout_agreement=attempt.layout_agreement
        )


def attempt_key(row: SceneAttempt | ObjectAttempt | SceneVerdict) -> AttemptKey:
    """Key of the attempt that a row is about."""
    return row.frame_id, row.variant, row.attempt


def scene_key(row: SceneAttempt | SceneVerdict | LabelledScene) -> SceneKey:
    """Key of the scene that a row is about."""
    return row.frame_id, row.variant


def read_drawn(version: ManifestVersion, store: Store) -> Drawn:
    """The rows of a version of `synthetic_scenes`.

    Raises:
        ValueError: if rows of objects are missing or belong to no attempt, so that nothing can be
            judged.
    """
    rows = store.manifests.rows
    attempts = to_records(rows(version, "scene_attempts"), SceneAttempt)
    objects: dict[AttemptKey, list[ObjectAttempt]] = defaultdict(list)
    for row in to_records(rows(version, "object_attempts"), ObjectAttempt):
        objects[attempt_key(row)].append(row)
    drawn = {attempt_key(row): tuple(objects.pop(attempt_key(row), ())) for row in attempts}
    gaps = [key for key, found in drawn.items() if _numbers(found) != list(range(len(found)))]
    for key in (*gaps, *objects):
        raise ValueError(
            f"{version.asset}, partition {version.partition}, version {version.version}: need "
            "attempts with all their objects, got others at frame {}, variant {}, attempt {}; "
            "materialize {} again".format(*key, version.asset)
        )
    return Drawn(version=version, attempts=tuple(attempts), objects=drawn)


def _numbers(found: tuple[ObjectAttempt, ...]) -> list[int]:
    return [row.object_index for row in found]


def _object_scores(row: ObjectAttempt) -> ObjectScores:
    return ObjectScores(
        iou=row.iou,
        mean_ood_score=row.mean_ood_score,
        predicted_iou=row.predicted_iou,
        pasted_area_px=row.pasted_area_px,
        sam_area_px=row.sam_area_px,
    )
