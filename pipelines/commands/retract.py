"""`multishift retract`: what was made from a source; take it out of use, and remove what is old."""

import sys

import typer

from assets.retracting.derived import Derived, Learned, find_derived
from assets.retracting.holdings import ORDER, Holding
from assets.retracting.retractions import ASSET, read_retractions, record_retraction
from assets.retracting.sources import source_name
from assets.tracing.reading import Reader
from pipelines.commands.console import out
from pipelines.commands.decided import told_dagster, who_decides
from pipelines.settings import read_settings
from storage.manifests.purge import purge as purge_versions
from storage.store import Store

MAX_NAMED = 8
_WORDS = {
    "training_set": "training samples",
    "labelled_scenes": "labels",
    "imported_scenes": "imported scenes",
    "filtered_scenes": "verdicts",
    "synthetic_scenes": "drawn attempts",
    "scene_requests": "requests",
    "ood_objects": "objects",
}


def run_retract(
    source: str | None, *, reason: str, purge: bool, is_sure: bool, by: str | None
) -> int:
    """Show what was made from a source; with a reason retract it; with ``purge`` remove it.

    1 where a purge leaves something, because current versions still hold it.
    """
    if source is None:
        raise ValueError("need a source to retract, got none; --list shows what is retracted")
    name, store = source_name(source), _store()
    derived = find_derived(name, Reader(store))
    known = {row.source: row for row in read_retractions(store)}
    _say_derived(derived)
    if name in known:
        _say(f"retracted {known[name].retracted}: {known[name].reason}")
    if reason:
        _retract(derived, store, reason, who_decides(by))
    if not purge:
        _say_next(derived, is_retracted=bool(reason) or name in known)
        return 0
    if not reason and name not in known:
        raise ValueError(f"{name}: need --reason beside --purge, since it is not retracted")
    return _purge(derived, store, is_sure=is_sure)


def run_retract_list() -> int:
    """Print what is retracted."""
    rows = read_retractions(_store())
    for row in rows:
        _say(f"{row.retracted}  {row.source}  by {row.retracted_by}: {row.reason}")
        for sha256 in row.checkpoints:
            _say(f"  learned from it, cannot forget: checkpoint {sha256}")
    _say(f"{len(rows)} retracted")
    return 0


def _retract(derived: Derived, store: Store, reason: str, by: str) -> None:
    checkpoints = [one.checkpoint.row.checkpoint_sha256 for one in derived.learned]
    is_new = record_retraction(derived.source, store, reason=reason, by=by, checkpoints=checkpoints)
    _say("retracted" if is_new else "it was retracted before; the first reason stays")
    told_dagster(ASSET, store)


def _purge(derived: Derived, store: Store, *, is_sure: bool) -> int:
    going = derived.removable
    suspects = {name for holding in going for name in holding.blobs}
    _say(f"to be removed: {len(going)} versions, up to {len(suspects)} pictures:")
    for holding in going:
        _say(f"  {_place(holding)}")
    if not is_sure:
        _ask()
    report = purge_versions(
        store.manifests,
        store.blobs,
        versions=[holding.version for holding in going],
        suspects=suspects,
    )
    _say(
        f"removed {report.versions} versions, {report.parts} parts, {report.blobs} pictures: "
        f"{report.freed_bytes / 1e6:.1f} MB; {report.shared_blobs} pictures stay, others name them"
    )
    _say_next(derived, is_retracted=True)
    return 1 if derived.current else 0


def _ask() -> None:
    if not sys.stdin.isatty():
        raise ValueError("need somebody to confirm this, or --yes")
    if not typer.confirm("Remove them for good?"):
        raise KeyboardInterrupt


def _say_derived(derived: Derived) -> None:
    _say(f"made from {derived.source}:")
    for asset in reversed(ORDER):
        names = derived.names(asset)
        if names:
            n_versions = sum(h.version.asset == asset for h in derived.holdings)
            _say(f"  {_WORDS[asset]}: {len(names)} in {n_versions} versions: {_listed(names)}")
    for one in derived.learned:
        _say_learned(one)
    for stored in derived.unknown:
        _say(f"  checkpoint {stored.row.checkpoint_sha256[:12]}: nobody knows, its set is gone")
    if not derived.holdings and not derived.learned:
        _say("  nothing that the store knows of")
    for words in derived.damage:
        _say(f"  cannot be read: {words}")
    _say("  exports are copies that the store does not follow: look for it in their lists")


def _say_learned(one: Learned) -> None:
    row = one.checkpoint.row
    facts = [f"learned from {len(one.samples)} samples"] if one.samples else []
    facts += [f"may have pasted {len(one.objects)} objects"] if one.objects else []
    facts += [f"measured on {', '.join(one.benchmarks)}"] if one.benchmarks else []
    what = f"{row.architecture} of {row.selection}, step {row.step}"
    _say(f"  checkpoint {row.checkpoint_sha256[:12]} ({what}) cannot forget: {'; '.join(facts)}")


def _say_next(derived: Derived, *, is_retracted: bool) -> None:
    if not is_retracted:
        _say("nothing was changed; --reason retracts it")
        return
    for holding in derived.current:
        _say(f"materialize again: {_place(holding)}")
    if not derived.current:
        _say("no current version holds it")


def _place(holding: Holding) -> str:
    version = holding.version
    return f"{version.asset} {version.partition}, version {version.version}"


def _listed(names: tuple[str, ...]) -> str:
    more = f", and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


def _store() -> Store:
    settings = read_settings()
    return settings.open_store()


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
