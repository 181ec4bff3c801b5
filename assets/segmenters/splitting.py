"""Which frames of a training set are held out: by frame, so that no scene of one is learned from.

They choose among the checkpoints of one training. No benchmark is touched by that: a training set
holds no frame that networks are measured on, which its own checks see to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assets.segmenters.item import HeldOut
from models.seeding import derive_seed
from storage.training_records import TrainingPair


@dataclass(frozen=True, kw_only=True)
class Split:
    """Indices of rows.

    Attributes:
        learned: rows that are learned from.
        scored: one row a held-out frame, its first.
        frame_ids: held-out frames, sorted.
    """

    learned: tuple[int, ...]
    scored: tuple[int, ...]
    frame_ids: tuple[str, ...]


def held_out_frames(frame_ids: Iterable[str], held_out: HeldOut) -> tuple[str, ...]:
    """The frames that are held out, sorted: the share with the smallest digests of their names.

    So a frame keeps its place, held out or not, in nearly all training sets that hold it, whatever
    the seed of a training is.

    Raises:
        ValueError: if there are fewer than two frames.
    """
    known = set(frame_ids)
    if len(known) < 2:
        raise ValueError(
            f"need two frames or more, one to learn from and one to score, got {len(known)}; take "
            "more cities or rounds into the selection"
        )
    n_wanted = min(round(held_out.frac * len(known)), held_out.max_frames, len(known) - 1)
    ordered = sorted(known, key=lambda name: (derive_seed("held-out frame", name), name))
    return tuple(sorted(ordered[: max(1, n_wanted)]))


def split_pairs(rows: Sequence[TrainingPair], held_out: HeldOut) -> Split:
    """Rows to learn from and rows to score.

    Raises:
        ValueError: if there are fewer than two frames.
    """
    frame_ids = held_out_frames((row.frame_id for row in rows), held_out)
    away = set(frame_ids)
    first: dict[str, int] = {}
    for index, row in enumerate(rows):
        if row.frame_id in away:
            first.setdefault(row.frame_id, index)
    return Split(
        learned=tuple(index for index, row in enumerate(rows) if row.frame_id not in away),
        scored=tuple(first.values()),
        frame_ids=frame_ids,
    )
