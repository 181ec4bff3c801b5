"""Decisions on samples in the store: read, the ones that hold, and new ones committed."""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from assets.tracing.names import SampleName
from storage.manifests.manifest import CommitConflictError
from storage.manifests.schemas import to_records
from storage.review_records import DECISIONS, Review
from storage.store import Store

ASSET = TABLE = "reviews"
MAX_REASON_LETTERS = 500
_MAX_TRIES = 50
_PAUSE_S = 0.05

PictureKey: TypeAlias = tuple[str, str, str, int, str]
"""Asset, round or imported set, frame, variant, SHA-256 of the picture."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What somebody decides on one picture of a sample and its label, None where it is not known.

    Raises:
        ValueError: if the decision is none of `DECISIONS`, or the reason is too long.
    """

    name: SampleName
    image_sha256: str
    label_sha256: str | None
    decision: str
    reason: str = ""

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise ValueError(f"need a decision of {', '.join(DECISIONS)}, got {self.decision!r}")
        if len(self.reason) > MAX_REASON_LETTERS:
            raise ValueError(
                f"need a reason of up to {MAX_REASON_LETTERS} letters, got {len(self.reason)}"
            )


def read_reviews(store: Store) -> tuple[Review, ...]:
    """Every decision that was ever made, the first one first.

    Raises:
        DamagedPartError: if the rows cannot be read.
    """
    version = store.manifests.latest(ASSET)
    rows = () if version is None else to_records(store.manifests.rows(version, TABLE), Review)
    return tuple(rows)


def picture_key(row: Review) -> PictureKey:
    """What a decision is about."""
    return row.asset, row.round, row.frame_id, row.variant, row.image_sha256


def sample_name(row: Review) -> SampleName:
    """The sample that a decision is about."""
    return SampleName(asset=row.asset, round=row.round, frame_id=row.frame_id, variant=row.variant)


def in_force(reviews: Iterable[Review]) -> dict[PictureKey, Review]:
    """The last decision on each picture."""
    return {picture_key(row): row for row in sorted(reviews, key=lambda row: row.number)}


def record_reviews(
    decisions: Sequence[Decision], store: Store, *, reviewer: str
) -> tuple[Review, ...]:
    """Commit decisions after all former ones, in one step; other reviewers may do so meanwhile.

    Former rows are not written again each time, so that decisions stay quick when there are many.

    Returns:
        The rows that were added.

    Raises:
        ValueError: if there is no decision, or nobody is named as reviewer.
        CommitConflictError: if others were quicker again and again.
        DamagedPartError: if former decisions cannot be read; nothing is committed then.
    """
    if not decisions or not reviewer.strip():
        raise ValueError(
            f"need one decision or more and a reviewer, got {len(decisions)} by {reviewer!r}"
        )
    for _ in range(_MAX_TRIES):
        former = store.manifests.latest(ASSET)
        rows = _numbered(decisions, reviewer, first=1 + (former.rows(TABLE) if former else 0))
        try:
            store.manifests.append(ASSET, {TABLE: rows}, base=former.version if former else 0)
        except CommitConflictError:
            time.sleep(random.uniform(0, _PAUSE_S))
        else:
            return rows
    raise CommitConflictError(f"{ASSET}: others were quicker {_MAX_TRIES} times; decide again")


def reviews_of(reviews: Iterable[Review], name: SampleName) -> list[Review]:
    """The decisions on all pictures of a sample, the first one first."""
    return [row for row in reviews if sample_name(row) == name]


def counted(held: Mapping[PictureKey, Review]) -> dict[str, int]:
    """How many pictures each decision holds for."""
    decided = [row.decision for row in held.values()]
    return {name: decided.count(name) for name in DECISIONS}


def _numbered(decisions: Sequence[Decision], reviewer: str, *, first: int) -> tuple[Review, ...]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return tuple(
        Review(
            number=first + place,
            asset=one.name.asset,
            round=one.name.round,
            frame_id=one.name.frame_id,
            variant=one.name.variant,
            image_sha256=one.image_sha256,
            label_sha256=one.label_sha256,
            decision=one.decision,
            reason=one.reason.strip(),
            reviewer=reviewer,
            decided=now,
        )
        for place, one in enumerate(decisions)
    )
