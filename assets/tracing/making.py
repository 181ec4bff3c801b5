"""How a scene was made: its request, what was drawn and judged, and the objects of the bank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.filtering.drawn import attempt_key
from assets.filtering.judging import ASSET as FILTERED
from assets.filtering.judging import TABLE as VERDICTS
from assets.scenes.requests import ASSET as REQUESTS
from assets.segmenters.crops import BANK
from assets.synthesis.synthesis import ASSET as DRAWN
from assets.tracing.editions import SampleRow
from assets.tracing.reading import Lookup, Reader, parent_name
from storage.manifests.layout import UNPARTITIONED
from storage.manifests.pointers import ManifestVersion
from storage.records import OodObject
from storage.scene_records import (
    ExecutionProfile,
    ObjectAttempt,
    SceneAttempt,
    SceneRequest,
    SceneVerdict,
)


@dataclass(frozen=True, kw_only=True)
class TracedAttempt:
    """One picture that was drawn for the scene, with the scores of its objects and its verdict."""

    attempt: SceneAttempt
    objects: tuple[ObjectAttempt, ...]
    verdict: SceneVerdict | None

    @property
    def told(self) -> str:
        """The verdict in words."""
        if self.verdict is None:
            return "its verdict is not there any more"
        reason = f": {self.verdict.reason}" if self.verdict.reason else ""
        return f"{self.verdict.verdict}{reason}{', chosen' if self.verdict.is_chosen else ''}"


@dataclass(frozen=True, kw_only=True)
class TracedObject:
    """An object of the scene: its name, and its row of the bank where that is still there."""

    object_id: str
    class_name: str
    banked: Lookup[OodObject]


@dataclass(frozen=True, kw_only=True)
class Making:
    """What the store still knows of how a scene was made.

    Attributes:
        request: what was asked for.
        attempts: every picture that was drawn for the scene, in order.
        profile: how the chosen one was computed; None where nobody knows.
        provenance: of the version that was drawn: digests of the networks, settings, thresholds.
        notes: what is not there any more, or only in another version.
    """

    request: Lookup[SceneRequest]
    attempts: tuple[TracedAttempt, ...]
    profile: ExecutionProfile | None
    provenance: Mapping[str, str]
    objects: tuple[TracedObject, ...]
    notes: tuple[str, ...]


def trace_making(row: SampleRow, scene: ManifestVersion | None, reader: Reader) -> Making:
    """The rows that a generated scene came from, as far as they are there.

    The version that each child names counts first. Where it is gone, a kept version stands for it
    if its row agrees in seed and objects, which is told.

    Args:
        row: of the scene or of the training pair.
        scene: version of `labelled_scenes` that holds the scene; None where that is gone.
        reader: of the store.
    """
    drawn, verdicts, requests = _stages(row, scene, reader)
    objects = _objects(row, parent_name(requests.version, BANK, UNPARTITIONED), reader)
    notes = [drawn.note, verdicts.note, requests.note, *(one.banked.note for one in objects)]
    return Making(
        request=requests,
        attempts=_joined(drawn, verdicts, reader),
        profile=_profile(row, drawn, reader),
        provenance=dict(drawn.version.provenance) if drawn.version else {},
        objects=objects,
        notes=tuple(dict.fromkeys(note for note in notes if note)),
    )


def _stages(
    row: SampleRow, scene: ManifestVersion | None, reader: Reader
) -> tuple[Lookup[SceneAttempt], Lookup[SceneVerdict], Lookup[SceneRequest]]:
    """What was drawn for the scene, how it was judged, and what was asked for."""
    key = f"{row.city}|{row.round}"
    equal: dict[str, object] = {"frame_id": row.frame_id, "variant": row.variant}

    def is_meant(rows: Sequence[SceneAttempt] | Sequence[SceneRequest]) -> bool:
        return any((found.attempt, found.seed) == (row.attempt, row.seed) for found in rows)

    drawn = reader.look_up(
        (DRAWN, key, "scene_attempts"),
        SceneAttempt,
        named=parent_name(scene, DRAWN, key),
        equal=equal,
        agrees=is_meant,
    )
    named = parent_name(scene, FILTERED, key)
    verdicts = reader.look_up((FILTERED, key, VERDICTS), SceneVerdict, named=named, equal=equal)
    requests = reader.look_up(
        (REQUESTS, key, REQUESTS),
        SceneRequest,
        named=parent_name(scene or drawn.version, REQUESTS, key),
        equal={**equal, "attempt": row.attempt},
        agrees=is_meant,
    )
    return drawn, verdicts, requests


def _joined(
    drawn: Lookup[SceneAttempt], verdicts: Lookup[SceneVerdict], reader: Reader
) -> tuple[TracedAttempt, ...]:
    if drawn.version is None or drawn.row is None:
        return ()
    equal = {"frame_id": drawn.row.frame_id, "variant": drawn.row.variant}
    judged = {attempt_key(verdict): verdict for verdict in verdicts.rows}
    objects = reader.records(drawn.version, "object_attempts", ObjectAttempt, **equal)
    return tuple(
        TracedAttempt(
            attempt=attempt,
            objects=tuple(one for one in objects if one.attempt == attempt.attempt),
            verdict=judged.get(attempt_key(attempt)),
        )
        for attempt in drawn.rows
    )


def _profile(
    row: SampleRow, drawn: Lookup[SceneAttempt], reader: Reader
) -> ExecutionProfile | None:
    chosen = next((one for one in drawn.rows if one.attempt == row.attempt), None)
    if chosen is None or drawn.version is None:
        return None
    rows = reader.records(
        drawn.version, "execution_profiles", ExecutionProfile, profile_id=chosen.profile_id
    )
    return rows[0] if rows else None


def _objects(row: SampleRow, named: str | None, reader: Reader) -> tuple[TracedObject, ...]:
    return tuple(
        TracedObject(
            object_id=object_id,
            class_name=class_name,
            banked=reader.look_up(
                (BANK, UNPARTITIONED, BANK),
                OodObject,
                named=named,
                equal={"object_id": object_id},
            ),
        )
        for object_id, class_name in zip(row.object_ids, row.object_class_names, strict=False)
    )
