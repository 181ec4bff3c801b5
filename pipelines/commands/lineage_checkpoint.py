"""The tree of a checkpoint: what it is, what it was made from, what it learned from."""

import json
from collections.abc import Sequence

from rich.text import Text
from rich.tree import Tree

from assets.selecting.report import condition
from assets.tracing.checkpoints import TracedCheckpoint
from assets.tracing.inputs import State, TracedInput
from assets.tracing.roles import Role, UsedSample
from pipelines.commands.lineage_lines import MAX_NAMED, counted, line, notes, short


def checkpoint_tree(traced: TracedCheckpoint, *, names_all: bool) -> Tree:
    """The tree; ``names_all`` lists every sample and the whole configuration."""
    facts = traced.facts
    title = f"{facts.architecture} of selection {facts.selection}, step {facts.step}"
    tree = Tree(Text(f"checkpoint {short(traced.sha256)}: {title}", style="bold"))
    _add_itself(tree, traced)
    _add_training(tree, traced, names_all=names_all)
    made_from = line(tree, "made from")
    for one in traced.inputs:
        _add_input(made_from, one)
    _add_samples(tree, traced, names_all=names_all)
    notes(tree, traced.problems)
    return tree


def _add_itself(tree: Tree, traced: TracedCheckpoint) -> None:
    line(tree, "SHA-256", traced.sha256)
    line(tree, "weights", traced.file or "not in the store any more", is_bad=traced.file is None)
    if traced.stored is None:
        line(tree, "row", "the store has none of these bytes; the file speaks for itself")
        return
    row, version = traced.stored.row, traced.stored.version
    kinds = [name for name, is_so in (("best", row.is_best), ("last", row.is_last)) if is_so]
    since = "" if traced.stored.is_current else ", replaced since by another training"
    place = f"{version.asset} {version.partition}, version {version.version}"
    line(tree, "row", f"{' and '.join(kinds) or 'kept'} of its training in {place}{since}")
    line(tree, "committed", f"{version.created}, Dagster run {version.run_id}")


def _add_training(tree: Tree, traced: TracedCheckpoint, *, names_all: bool) -> None:
    facts = traced.facts
    branch = line(tree, "training", facts.training)
    score = f"AP {facts.average_precision:.4f}, mIoU {facts.mean_iou:.4f}"
    line(branch, "selection score", f"{score} on {len(facts.held_out_frame_ids)} held-out frames")
    line(branch, "position", f"stage {facts.stage + 1}, epoch {facts.epoch + 1}, step {facts.step}")
    line(branch, "code version", facts.code_version)
    line(branch, "libraries", ", ".join(facts.library_versions))
    line(branch, "processes", facts.n_processes)
    settings = line(branch, "configuration", "" if names_all else "--all shows it whole")
    shown = facts.configuration.items() if names_all else _plain_settings(traced)
    for name, value in shown:
        line(settings, name, json.dumps(value))


def _plain_settings(traced: TracedCheckpoint) -> list[tuple[str, object]]:
    """The settings that are one value, and no tree."""
    found = traced.facts.configuration.items()
    return [(name, value) for name, value in found if not isinstance(value, dict | list)]


def _add_input(tree: Tree, one: TracedInput) -> None:
    is_bad = one.state is State.GONE
    branch = line(tree, one.told, is_bad=is_bad)
    if one.version is not None:
        line(branch, "fingerprint", one.fingerprint)
    for name, version in list(one.parents.items())[:MAX_NAMED]:
        number, _, fingerprint = version.partition(":")
        line(branch, f"made from {name}, version {number}", short(fingerprint))
    if len(one.parents) > MAX_NAMED:
        line(branch, f"and {len(one.parents) - MAX_NAMED} more; --json names all")


def _add_samples(tree: Tree, traced: TracedCheckpoint, *, names_all: bool) -> None:
    facts = traced.facts
    branch = line(tree, "samples", f"{facts.n_pairs} pairs learned from")
    line(branch, "held-out frames", _some(facts.held_out_frame_ids, names_all=names_all))
    if not traced.samples:
        line(branch, "which", "not known here: no version holds their rows", is_bad=True)
        return
    for role in Role:
        found = [sample for sample in traced.samples if sample.role is role]
        if found:
            _add_role(branch, role, found, names_all=names_all)
    if traced.n_lost_pictures:
        lost = f"{traced.n_lost_pictures} of {len(traced.samples)} samples"
        line(branch, "pictures that are not in the store any more", lost, is_bad=True)


def _add_role(tree: Tree, role: Role, found: Sequence[UsedSample], *, names_all: bool) -> None:
    branch, rows = line(tree, role, len(found)), [sample.row for sample in found]
    if role is Role.LEARNED:
        line(branch, "rounds and sets", counted(row.round for row in rows))
        line(branch, "cities", counted(row.city for row in rows))
        line(branch, "conditions", counted(map(condition, rows)))
        line(branch, "objects", counted(n for row in rows for n in row.object_class_names))
        line(branch, "licenses", counted(n for row in rows for n in set(row.licenses)))
    shown = found if names_all else found[:MAX_NAMED]
    for sample in shown:
        branch.add(Text(f"{sample.sample}  picture {short(sample.row.image_sha256)}"))
    if len(found) > len(shown):
        line(branch, f"and {len(found) - len(shown)} more; --all or --json names all")


def _some(names: Sequence[str], *, names_all: bool) -> str:
    shown = names if names_all else names[:MAX_NAMED]
    more = f", and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more
