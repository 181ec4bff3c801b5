"""Which part a sample had in a training: learned from, scored, or neither."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assets.selecting.samples import sample_id
from storage.training_records import TrainingPair


class Role(StrEnum):
    """What a training did with a sample."""

    LEARNED = "learned from"
    SCORED = "scored, never learned from"
    LEFT_OUT = "left out, its frame was scored"


@dataclass(frozen=True, kw_only=True)
class UsedSample:
    """A row of a training set and what a training did with it."""

    sample: str
    role: Role
    row: TrainingPair


def roles_of(
    rows: Sequence[TrainingPair], held_out_frame_ids: Collection[str]
) -> tuple[UsedSample, ...]:
    """The rows in their order, each with its part; of a held-out frame the first row is scored.

    The rule is that of `assets.segmenters.splitting`.
    """
    held_out, seen, used = set(held_out_frame_ids), set(), []
    for row in rows:
        role = Role.LEARNED
        if row.frame_id in held_out:
            role = Role.LEFT_OUT if row.frame_id in seen else Role.SCORED
            seen.add(row.frame_id)
        used.append(UsedSample(sample=sample_id(row), role=role, row=row))
    return tuple(used)
