"""What a checkpoint was made from, and whether the store still has it."""

from dataclasses import dataclass
from enum import StrEnum

from assets.closed_set.names import ASSET as CLOSED_SET
from assets.closed_set.names import CHECKPOINTS as CLOSED_SET_CHECKPOINTS
from assets.segmenters.crops import BANK
from assets.segmenters.names import ASSET as CHECKPOINT
from assets.segmenters.names import CHECKPOINTS
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.tracing.facts import CheckpointFacts
from assets.tracing.reading import Reader
from storage.manifests.layout import UNPARTITIONED
from storage.manifests.pointers import ManifestVersion
from storage.training_records import ClosedSetCheckpoint, SegmenterCheckpoint

_MAKERS: tuple[tuple[str, str, type], ...] = (
    (CLOSED_SET, CLOSED_SET_CHECKPOINTS, ClosedSetCheckpoint),
    (CHECKPOINT, CHECKPOINTS, SegmenterCheckpoint),
)
"""Assets whose checkpoints a training may begin with, their tables and records."""


class State(StrEnum):
    """Whether an input is in the store."""

    THERE = "there"
    OTHER_VERSION = "there, in another version"
    GONE = "not there any more"
    OUTSIDE = "no part of the store"
    UNKNOWN = "not looked for: no store"


@dataclass(frozen=True, kw_only=True)
class TracedInput:
    """One input as the checkpoint names it.

    Attributes:
        name: asset and partition, or ``initial checkpoint``.
        version: number that the checkpoint names; None where it has none.
        fingerprint: of that version; of the initial checkpoint its SHA-256.
        state: whether it is there.
        told: all of it in words.
        parents: versions that it was made from, as `ManifestVersion.parents` has them.
    """

    name: str
    version: int | None
    fingerprint: str
    state: State
    told: str
    parents: dict[str, str]


def trace_inputs(
    facts: CheckpointFacts, training_set: ManifestVersion | None, reader: Reader | None
) -> tuple[TracedInput, ...]:
    """Training set, bank and initial checkpoint, as far as a training had them.

    Args:
        facts: that name them.
        training_set: version that holds the rows, None where there is none.
        reader: of the store, None where there is none.
    """
    named = [
        _manifest(
            (TRAINING_SET, facts.selection),
            (facts.manifest_version, facts.manifest_fingerprint),
            training_set,
            reader,
        )
    ]
    if facts.objects_version is not None and facts.objects_fingerprint is not None:
        meant = (facts.objects_version, facts.objects_fingerprint)
        bank = reader.named(BANK, UNPARTITIONED, "{}:{}".format(*meant)) if reader else None
        named.append(_manifest((BANK, UNPARTITIONED), meant, bank, reader))
    if facts.initial_sha256 is not None:
        named.append(_initial(facts.initial_sha256, reader))
    return tuple(named)


def _manifest(
    place: tuple[str, str],
    meant: tuple[int, str],
    found: ManifestVersion | None,
    reader: Reader | None,
) -> TracedInput:
    asset, partition = place
    number, fingerprint = meant
    state, more = State.THERE, ""
    if reader is None:
        state = State.UNKNOWN
    elif found is None:
        state = State.GONE
    elif (found.version, found.fingerprint) != meant:
        state, more = State.OTHER_VERSION, f"; version {found.version} has the same rows"
    return TracedInput(
        name=f"{asset} {partition}",
        version=number,
        fingerprint=fingerprint,
        state=state,
        told=f"{asset} {partition}, version {number}: {state}{more}",
        parents=dict(found.parents) if found else {},
    )


def _initial(sha256: str, reader: Reader | None) -> TracedInput:
    state, told = State.UNKNOWN, str(State.UNKNOWN)
    if reader is not None:
        state, told = _initial_state(sha256, reader)
    return TracedInput(
        name="initial checkpoint",
        version=None,
        fingerprint=sha256,
        state=state,
        told=f"initial checkpoint {sha256}: {told}",
        parents={},
    )


def _initial_state(sha256: str, reader: Reader) -> tuple[State, str]:
    """Whether the store has the file that a training began with, and whose it is."""
    is_there = reader.store.blobs.exists(sha256)
    if whose := _maker(sha256, reader):
        return (State.THERE, whose) if is_there else (State.GONE, f"{whose}, {State.GONE}")
    if is_there:
        return State.THERE, str(State.THERE)
    return State.OUTSIDE, f"{State.OUTSIDE}: a file with this SHA-256 that somebody brought"


def _maker(sha256: str, reader: Reader) -> str | None:
    """Asset, partition and version that left a checkpoint, None where no kept one did."""
    for asset, table, record_type in _MAKERS:
        for version in reader.all_kept(asset):
            if reader.records(version, table, record_type, checkpoint_sha256=sha256):
                return f"{asset} {version.partition}, version {version.version}"
    return None
