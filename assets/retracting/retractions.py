"""Retractions in the store: read, and new ones committed."""

import random
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from assets.recipes import recipe_of
from assets.retracting.sources import Retracted
from storage.manifests.manifest import CommitConflictError
from storage.manifests.schemas import to_records
from storage.review_records import Retraction
from storage.store import Store

ASSET = TABLE = "retractions"
_MAX_TRIES = 50
_PAUSE_S = 0.05


def read_retractions(store: Store) -> tuple[Retraction, ...]:
    """Every retraction, by the name of its source.

    Raises:
        DamagedPartError: if the rows cannot be read.
    """
    version = store.manifests.latest(ASSET)
    rows = () if version is None else to_records(store.manifests.rows(version, TABLE), Retraction)
    return tuple(rows)


def read_retracted(store: Store) -> Retracted:
    """The sources that may not be used now, with their doubles; errors as in `read_retractions`."""
    return Retracted(_names(read_retractions(store)))


def data_version_of_retractions(rows: Iterable[Retraction]) -> str:
    """Digest of sources and doubles: what depends on them is stale when one is added."""
    return recipe_of({"retractions": sorted(_names(rows))})


def _names(rows: Iterable[Retraction]) -> frozenset[str]:
    return frozenset(name for row in rows for name in (row.source, *row.doubles))


def record_retraction(
    source: str,
    store: Store,
    *,
    reason: str,
    by: str,
    checkpoints: Collection[str] = (),
    doubles: Collection[str] = (),
) -> bool:
    """Commit that a source is retracted; false where it was before.

    The first reason stays then; checkpoints and doubles that are new are added to the former ones.

    Raises:
        ValueError: if no reason is given, or nobody is named.
        CommitConflictError: if others were quicker again and again.
        DamagedPartError: if former retractions cannot be read; nothing is committed then.
    """
    if not reason.strip() or not by.strip():
        raise ValueError(f"{source}: need a reason and who retracts, got {reason!r} by {by!r}")
    row = Retraction(
        source=source,
        reason=reason.strip(),
        retracted_by=by,
        retracted=datetime.now(UTC).isoformat(timespec="seconds"),
        checkpoints=tuple(sorted(checkpoints)),
        doubles=tuple(sorted(doubles)),
    )
    for _ in range(_MAX_TRIES):
        base = store.manifests.latest_number(ASSET)
        former = {known.source: known for known in read_retractions(store)}
        merged = _merged(former.get(source), row)
        is_new = source not in former
        if merged == former.get(source):
            return is_new
        rows = {**former, source: merged}
        try:
            store.manifests.commit(ASSET, {TABLE: [*rows.values()]}, base=base)
        except CommitConflictError:
            time.sleep(random.uniform(0, _PAUSE_S))
        else:
            return is_new
    raise CommitConflictError(f"{ASSET}: others were quicker {_MAX_TRIES} times; retract again")


def _merged(known: Retraction | None, row: Retraction) -> Retraction:
    """The former row with what the new one adds."""
    if known is None:
        return row
    return replace(
        known,
        checkpoints=tuple(sorted({*known.checkpoints, *row.checkpoints})),
        doubles=tuple(sorted({*known.doubles, *row.doubles})),
    )
