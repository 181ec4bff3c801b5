"""What `multishift retract` prints: what was made from a source, what to do next, what is left."""

from collections.abc import Iterable, Iterator

from assets.importing.names import ASSET as IMPORTED
from assets.retracting.derived import Derived, Learned
from assets.retracting.holdings import ORDER, Holding
from assets.retracting.photographs import MayHaveLearned
from storage.manifests.purge import PurgeReport

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


def derived_lines(derived: Derived) -> Iterator[str]:
    """What was made from a source, and what nobody knows."""
    yield f"made from {derived.source}:"
    if derived.doubles:
        yield f"  the same under other names: {_listed(derived.doubles)}"
    for asset in reversed(ORDER):
        names = derived.names(asset)
        if names:
            n_versions = sum(h.version.asset == asset for h in derived.holdings)
            yield f"  {_WORDS[asset]}: {len(names)} in {n_versions} versions: {_listed(names)}"
    for draft in derived.drafts:
        yield f"  unfinished work: a draft of {draft.asset} {draft.partition}"
    yield from map(_learned_line, derived.learned)
    for one in derived.unknown:
        gone = " and ".join(one.lost)
        yield f"  checkpoint {_short(one)}: nobody knows, the version of {gone} it used is gone"
    yield from map(_possible_line, derived.possible)
    if not derived:
        yield "  nothing that the store knows of"
    for words in derived.damage:
        yield f"  unclear: {words}"
    yield "  exports are copies that the store does not follow: look for it in their lists"


def _possible_line(may: MayHaveLearned) -> str:
    version, names = may.version, [name[:12] for name in may.checkpoints]
    place = f"{version.asset} {version.partition}, version {version.version}"
    return f"  {place}: {len(names)} networks may have learned from it: {_listed(names)}"


def next_lines(derived: Derived, *, is_retracted: bool) -> Iterator[str]:
    """What somebody has to do now."""
    if not is_retracted:
        yield "nothing was changed; --reason retracts it"
        return
    for holding in derived.current:
        yield _again(holding)
    if not derived.current:
        yield "no current version holds it"


def going_lines(derived: Derived) -> Iterator[str]:
    """What a purge is about to remove."""
    pictures, drafts = blobs_going(derived), derived.drafts
    yield (
        f"to be removed: {len(derived.removable)} versions, {len(drafts)} drafts, up to "
        f"{len(pictures)} pictures:"
    )
    yield from (f"  {_place(holding)}" for holding in derived.removable)
    yield from (f"  draft of {draft.asset} {draft.partition}" for draft in drafts)


def purged_lines(derived: Derived, report: PurgeReport) -> Iterator[str]:
    """What went, and what outside of the manifests may still show it."""
    yield (
        f"removed {report.versions} versions, {report.parts} parts, {report.drafts} drafts, "
        f"{report.blobs} pictures: {report.freed_bytes / 1e6:.1f} MB; {report.shared_blobs} "
        "pictures stay, others name them"
    )
    run_ids = dict.fromkeys(h.version.run_id for h in derived.removable if h.version.run_id)
    if run_ids:
        yield (
            "Dagster's event log keeps the contact sheets of the runs that made them, and `dagster "
            "asset wipe` leaves them there; this removes each of these runs from its history:"
        )
        yield from (f"  dagster run delete {run_id}" for run_id in run_ids)


def blobs_going(derived: Derived) -> set[str]:
    """Names of the blobs that go unless something else names them."""
    found = [one.blobs for one in derived.removable] + [one.blobs for one in derived.drafts]
    return {name for names in found for name in names}


def _learned_line(one: Learned) -> str:
    row = one.checkpoint.row
    facts = [f"learned from {len(one.samples)} samples"] if one.samples else []
    facts += [f"may have pasted {len(one.objects)} objects"] if one.objects else []
    facts += ["used it, as was noted before"] if not facts else []
    facts += [f"its version of {' and '.join(one.lost)} is gone"] if one.lost else []
    facts += [f"measured on {', '.join(one.benchmarks)}"] if one.benchmarks else []
    what = f"{row.architecture} of {row.selection}, step {row.step}"
    return f"  checkpoint {_short(one)} ({what}) cannot forget: {'; '.join(facts)}"


def _again(holding: Holding) -> str:
    if holding.version.asset != IMPORTED:
        return f"materialize again: {_place(holding)}"
    name = holding.version.partition
    return (
        f"import again, which leaves it out: {_place(holding)}: multishift import FOLDER --name "
        f"{name}; where the folder is gone, retract imported/{name} as a whole"
    )


def _short(one: Learned) -> str:
    return one.checkpoint.row.checkpoint_sha256[:12]


def _place(holding: Holding) -> str:
    version = holding.version
    return f"{version.asset} {version.partition}, version {version.version}"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f", and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
    return ", ".join(found[:MAX_NAMED]) + more
