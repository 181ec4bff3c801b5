"""What the store tells of the scenes of a partition: the rows of four assets, joined by attempt.

Assets that were not materialized yet leave gaps, never errors.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from assets.partitions import ScenePartition
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import (
    ExecutionProfile,
    LabelledScene,
    ObjectAttempt,
    SceneAttempt,
    SceneRequest,
    SceneVerdict,
)
from storage.store import Store

STAGES = ("scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes")
"""Assets whose tables are read, each made from those before it."""

ACCEPTED, REJECTED, UNJUDGED = "accepted", "rejected", "not judged"
PLAIN = "plain"
"""Condition of the template that names no surroundings."""

AttemptKey = tuple[str, int, int]
"""Frame, variant, attempt."""

Record = TypeVar("Record")


@dataclass(frozen=True, kw_only=True)
class DrawnAttempt:
    """One picture that was drawn, with every row that tells of it."""

    attempt: SceneAttempt
    request: SceneRequest | None
    objects: tuple[ObjectAttempt, ...]
    verdict: SceneVerdict | None
    label: LabelledScene | None
    profile: ExecutionProfile | None

    @property
    def status(self) -> str:
        """`ACCEPTED`, `REJECTED` or `UNJUDGED`."""
        return UNJUDGED if self.verdict is None else self.verdict.verdict

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class of each object, in their order."""
        return tuple(item.class_name for item in self.objects)

    @property
    def weather(self) -> str:
        """Weather of the prompt, or `PLAIN`."""
        return (self.request and self.request.weather) or PLAIN

    @property
    def time(self) -> str:
        """Time of the prompt, or `PLAIN`."""
        return (self.request and self.request.time) or PLAIN

    @property
    def place(self) -> str:
        """Place of the prompt, or `PLAIN`."""
        return (self.request and self.request.place) or PLAIN

    @property
    def condition(self) -> str:
        """Weather and time in words."""
        return PLAIN if self.weather == self.time == PLAIN else f"{self.weather} {self.time}"


@dataclass(frozen=True, kw_only=True)
class DrawnScene:
    """All attempts at one scene that were drawn, in their order; there is one or more."""

    partition: ScenePartition
    attempts: tuple[DrawnAttempt, ...]

    @property
    def shown(self) -> DrawnAttempt:
        """The attempt that stands for the scene: the chosen one, or else the last."""
        chosen = (item for item in self.attempts if item.verdict and item.verdict.is_chosen)
        accepted = (item for item in self.attempts if item.status == ACCEPTED)
        return next(chosen, None) or next(accepted, None) or self.attempts[-1]

    @property
    def others(self) -> tuple[DrawnAttempt, ...]:
        """Every attempt but the one that is shown."""
        return tuple(item for item in self.attempts if item is not self.shown)

    @property
    def name(self) -> str:
        """Partition, frame and variant, unique among all scenes."""
        first = self.attempts[0].attempt
        return f"{self.partition.key}/{first.frame_id}/{first.variant}"


@dataclass(frozen=True, kw_only=True)
class PartitionRows:
    """The latest rows of a partition; ``versions`` holds the assets that have some."""

    partition: ScenePartition
    requests: tuple[SceneRequest, ...]
    scenes: tuple[DrawnScene, ...]
    versions: Mapping[str, ManifestVersion]

    @property
    def attempts(self) -> list[DrawnAttempt]:
        """Every attempt that was drawn, scene by scene."""
        return [item for scene in self.scenes for item in scene.attempts]

    @property
    def outdated(self) -> list[str]:
        """Assets that were made from an earlier version of another one that is read here."""
        named = {
            f"{found.asset}/{found.partition}": f"{found.version}:{found.fingerprint}"
            for found in self.versions.values()
        }
        return [
            asset
            for asset, found in self.versions.items()
            if any(named.get(key, told) != told for key, told in found.parents.items())
        ]


def read_partition(store: Store, partition: ScenePartition) -> PartitionRows:
    """The committed rows of a partition, as far as its assets were materialized.

    Raises:
        DamagedPartError: if rows are missing, cut off or altered.
    """
    found = {asset: store.manifests.latest(asset, partition.key) for asset in STAGES}
    versions = {asset: version for asset, version in found.items() if version is not None}
    reader = _Reader(store, versions)
    requests = reader.rows("scene_requests", "scene_requests", SceneRequest)
    return PartitionRows(
        partition=partition,
        requests=tuple(requests),
        scenes=_joined(partition, requests, reader),
        versions=versions,
    )


@dataclass(frozen=True)
class _Reader:
    store: Store
    versions: Mapping[str, ManifestVersion]

    def rows(self, asset: str, table: str, record_type: type[Record]) -> list[Record]:
        """Rows of a table, none where nobody committed it."""
        version = self.versions.get(asset)
        if version is None or table not in version.tables:
            return []
        return to_records(self.store.manifests.rows(version, table), record_type)


def _joined(
    partition: ScenePartition, requests: Sequence[SceneRequest], reader: _Reader
) -> tuple[DrawnScene, ...]:
    asked = {_key(row): row for row in requests}
    judged = {_key(r): r for r in reader.rows("filtered_scenes", "scene_verdicts", SceneVerdict)}
    named = {_key(r): r for r in reader.rows("labelled_scenes", "labelled_scenes", LabelledScene)}
    profiles = {
        row.profile_id: row
        for row in reader.rows("synthetic_scenes", "execution_profiles", ExecutionProfile)
    }
    objects: dict[AttemptKey, list[ObjectAttempt]] = defaultdict(list)
    for row in reader.rows("synthetic_scenes", "object_attempts", ObjectAttempt):
        objects[_key(row)].append(row)
    scenes: dict[tuple[str, int], list[DrawnAttempt]] = defaultdict(list)
    for drawn in reader.rows("synthetic_scenes", "scene_attempts", SceneAttempt):
        key = _key(drawn)
        scenes[key[:2]].append(
            DrawnAttempt(
                attempt=drawn,
                request=asked.get(key),
                objects=tuple(objects[key]),
                verdict=judged.get(key),
                label=named.get(key),
                profile=profiles.get(drawn.profile_id),
            )
        )
    return tuple(DrawnScene(partition=partition, attempts=tuple(s)) for s in scenes.values())


def _key(row: Any) -> AttemptKey:
    return row.frame_id, row.variant, row.attempt
