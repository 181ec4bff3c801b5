"""Build the bank: fan the cutting out, find doubles, count classes, commit."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from assets.drafting import keep, refuse_many
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.object_bank.cutting import cut_key, cut_objects
from assets.object_bank.order import CODE_VERSION, BankOrder
from assets.object_bank.pictures import count_classes
from assets.retracting.leaving_out import is_emptied, keep_emptied, leave_out_objects
from models.object_bank import reject_doubles
from storage.label_space import OOD_CLASS_LISTS, ade_class
from storage.manifests.drafts import Draft, open_draft
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import ClassCount, OodObject, Quarantined
from storage.store import Store

ASSET = "ood_objects"
TABLES = ("ood_objects", "quarantine", "class_counts")
BASE_RECIPE = "base_recipe"
"""Names, in the provenance of a bank, its recipe without what is retracted."""

Content = Mapping[str, Sequence[Any] | pa.Table]


def build_bank(
    order: BankOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """Commit the bank of an order; items that a killed run finished are not done again.

    A bank of the same order whose crops are all there is returned as it is; where only more is
    retracted now, its rows are taken and nothing is cut again. Items that failed for
    reasons other than their files are tried again by the next run.

    Raises:
        RuntimeError: if more items failed than the order allows; nothing is committed then.
        CommitConflictError: if another run committed a bank meanwhile.
    """
    done = store.manifests.latest(ASSET)
    if done is not None and _is_same_but_retracted(done, order) and _is_sound(done, store):
        return done if done.recipe == order.recipe else _retract(done, order, store, run_id)
    with open_draft(store.manifests, ASSET, recipe=order.recipe) as draft:
        todo = [item for item in order.items if cut_key(item) not in draft.finished]
        failed: list[Quarantined] = []
        for outcome in engine.map(cut_objects, todo, key=cut_key, log=log, label="object bank"):
            failed += keep(outcome, draft, _tables)
        refuse_many(
            failed, n_items=len(order.items), max_frac=order.config.max_bad_frac, noun="images"
        )
        return _commit(draft, order, failed, _emptied_before(done, order, store), run_id)


def _tables(objects: list[OodObject]) -> dict[str, list[OodObject]]:
    return {ASSET: objects}


def _commit(
    draft: Draft,
    order: BankOrder,
    failed: Sequence[Quarantined],
    emptied: Sequence[OodObject],
    run_id: str,
) -> ManifestVersion:
    return draft.commit(
        tables=TABLES,
        finish=lambda drafted: _finish(drafted, order, failed, emptied),
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=_provenance(order),
    )


def _provenance(order: BankOrder) -> dict[str, str]:
    retracted = order.retracted.of_objects
    more = {BASE_RECIPE: order.base_recipe, "retracted": ", ".join(retracted)} if retracted else {}
    return {**order.provenance, **more}


def _is_same_but_retracted(version: ManifestVersion, order: BankOrder) -> bool:
    """Whether a bank was made by the same order, or by one under which less was retracted.

    What is retracted stays so: an order never has less than the one before.
    """
    return version.provenance.get(BASE_RECIPE, version.recipe) == order.base_recipe


def _retract(done: ManifestVersion, order: BankOrder, store: Store, run_id: str) -> ManifestVersion:
    """The rows of a bank without what is retracted now."""
    rows = store.manifests.rows
    objects = leave_out_objects(to_records(rows(done, ASSET), OodObject), order.retracted)
    return store.manifests.commit(
        ASSET,
        {
            ASSET: objects,
            "quarantine": rows(done, "quarantine"),
            "class_counts": _count(objects, order),
        },
        base=done.version,
        recipe=order.recipe,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=_provenance(order),
    )


def _emptied_before(
    done: ManifestVersion | None, order: BankOrder, store: Store
) -> list[OodObject]:
    """What is retracted of the former bank, as far as the order asks for such objects."""
    try:
        rows = [] if done is None else to_records(store.manifests.rows(done, ASSET), OodObject)
    except DamagedPartError:  # what this bank replaces
        return []
    wanted = OOD_CLASS_LISTS[order.config.class_list]
    return [
        row
        for row in leave_out_objects(rows, order.retracted)
        if is_emptied(row) and row.dataset in order.config.sources and row.class_id in wanted
    ]


def _count(objects: Sequence[OodObject], order: BankOrder) -> list[ClassCount]:
    names = {c: ade_class(c).name for c in OOD_CLASS_LISTS[order.config.class_list]}
    return count_classes(objects, names)


def _finish(
    drafted: Mapping[str, pa.Table],
    order: BankOrder,
    failed: Sequence[Quarantined],
    emptied: Sequence[OodObject],
) -> Content:
    """What only the whole bank can tell: doubles, all that is bad, the counts of every class."""
    objects = reject_doubles(
        to_records(drafted["ood_objects"], OodObject),
        dataset_order=order.config.sources,
    )
    # Doubles first: the double of a retracted object must not take its place.
    objects = keep_emptied(leave_out_objects(objects, order.retracted), emptied)
    bad = to_records(drafted["quarantine"], Quarantined)
    return {
        "ood_objects": objects,
        "quarantine": [*bad, *failed, *order.gaps],
        "class_counts": _count(objects, order),
    }


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    """Whether nothing must be done again: parts and crops are there, only files are at fault."""
    try:
        troubled = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
        store.manifests.rows(version, "class_counts")
        crops = store.manifests.rows(version, "ood_objects").column("crop_sha256").to_pylist()
    except DamagedPartError:
        return False
    if any(row.status != "bad_input" for row in troubled):
        return False
    return all(store.blobs.exists(name) for name in set(crops) - {None})
