"""`multishift retract`: what was made from a source; take it out of use, and remove what is old."""

import sys
from collections.abc import Iterable

import typer

from assets.retracting.derived import Derived, find_derived
from assets.retracting.known import refuse_unknown
from assets.retracting.memory import remember_learned
from assets.retracting.retractions import ASSET, read_retractions, record_retraction
from assets.retracting.sources import source_name
from assets.tracing.reading import Reader
from pipelines.commands.console import out
from pipelines.commands.decided import told_dagster, who_decides
from pipelines.commands.retract_lines import (
    blobs_going,
    derived_lines,
    going_lines,
    next_lines,
    purged_lines,
)
from pipelines.settings import read_settings
from storage.manifests.purge import purge as purge_versions
from storage.review_records import Retraction
from storage.store import Store


def run_retract(
    source: str | None,
    *,
    reason: str,
    purge: bool,
    is_sure: bool,
    by: str | None,
    even_unknown: bool = False,
) -> int:
    """Show what was made from a source; with a reason retract it; with ``purge`` remove it.

    1 where a purge leaves something, because current versions still hold it, or may.
    """
    if source is None:
        raise ValueError("need a source to retract, got none; --list shows what is retracted")
    name, reader = source_name(source), Reader(_store())
    derived = find_derived(name, reader)
    known = {row.source: row for row in read_retractions(reader.store)}.get(name)
    _say(derived_lines(derived))
    if known is not None:
        _say([f"retracted {known.retracted}: {known.reason}"])
    elif purge and not reason:
        raise ValueError(f"{name}: need --reason beside --purge, since it is not retracted")
    elif reason and not derived and not even_unknown:
        refuse_unknown(name, reader)
    if reason or (purge and known is not None):
        _retract(derived, reader.store, known, reason=reason, by=by)
    if not purge:
        _say(next_lines(derived, is_retracted=bool(reason) or known is not None))
        return 0
    return _purge(derived, reader, is_sure=is_sure)


def run_retract_list() -> int:
    """Print what is retracted."""
    rows = read_retractions(_store())
    for row in rows:
        _say([f"{row.retracted}  {row.source}  by {row.retracted_by}: {row.reason}"])
        _say(f"  the same under another name: {name}" for name in row.doubles)
        _say(f"  learned from it, cannot forget: checkpoint {name}" for name in row.checkpoints)
    _say([f"{len(rows)} retracted"])
    return 0


def _retract(
    derived: Derived, store: Store, known: Retraction | None, *, reason: str, by: str | None
) -> None:
    """Record it, or add to what was recorded the checkpoints and doubles that are new."""
    is_new = record_retraction(
        derived.source,
        store,
        reason=reason if known is None else known.reason,
        by=who_decides(by) if known is None else known.retracted_by,
        checkpoints=derived.checkpoints,
        doubles=derived.doubles,
    )
    if reason:
        _say(["retracted" if is_new else "it was retracted before; the first reason stays"])
    told_dagster(ASSET, store)


def _purge(derived: Derived, reader: Reader, *, is_sure: bool) -> int:
    _say(going_lines(derived))
    if not is_sure:
        _ask()
    versions = [holding.version for holding in derived.removable]
    remember_learned(versions, reader)
    report = purge_versions(
        reader.store.manifests,
        reader.store.blobs,
        versions=versions,
        suspects=blobs_going(derived),
        drafts=[draft.key for draft in derived.drafts],
    )
    _say(purged_lines(derived, report))
    _say(next_lines(derived, is_retracted=True))
    return 1 if derived.current or derived.damage else 0


def _ask() -> None:
    if not sys.stdin.isatty():
        raise ValueError("need somebody to confirm this, or --yes")
    if not typer.confirm("Remove them for good?"):
        raise KeyboardInterrupt


def _store() -> Store:
    settings = read_settings()
    return settings.open_store()


def _say(lines: Iterable[str]) -> None:
    for text in lines:
        out.print(text, markup=False, highlight=False, soft_wrap=True)
