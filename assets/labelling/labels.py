"""Commit the labels of a partition: fan the pictures out, keep what is finished."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn, TypeAlias

import pyarrow as pa

from assets.drafting import keep, refuse_many
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.filtering.drawn import AttemptKey, attempt_key
from assets.labelling.labelling import LabelItem, label_key, label_scene
from assets.labelling.order import CODE_VERSION, LabelOrder
from storage.manifests.columns import blob_columns
from storage.manifests.drafts import Draft, open_draft
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import LabelledScene, SceneAttempt
from storage.store import Store

ASSET = "labelled_scenes"
TABLE = "labelled_scenes"
TABLES = (TABLE, "quarantine")

Redraw: TypeAlias = Callable[[Sequence[SceneAttempt]], Mapping[AttemptKey, str]]
"""Draws attempts again and stores their pictures: blob of each, by frame, variant and attempt.

An attempt that cannot be drawn may be left out. Each picture is checked by its pixels afterwards.
"""


def refuse_redraw(attempts: Sequence[SceneAttempt]) -> NoReturn:
    """Stand-in for a `Redraw` where nothing can be drawn.

    Raises:
        ValueError: naming the first attempt.
    """
    first = "frame {}, variant {}, attempt {}".format(*attempt_key(attempts[0]))
    raise ValueError(
        f"need the pictures of all accepted attempts, got none of {len(attempts)} that were "
        f"rejected when they were drawn, the first: {first}; materialize synthetic_scenes with "
        "these thresholds, or filtered_scenes with those that were drawn under"
    )


def commit_labels(
    order: LabelOrder,
    store: Store,
    engine: Engine,
    *,
    redraw: Redraw = refuse_redraw,
    run_id: str,
    log: Log | None = None,
) -> ManifestVersion:
    """The version that holds the labels of an order; what a killed run finished is not done again.

    A version of the same order whose pictures are all there is returned as it is. Pictures that
    were not kept are drawn again, after all others are labelled.

    Raises:
        RuntimeError: if more pictures failed than the order allows; nothing is committed then.
        CommitConflictError: if another run committed this partition meanwhile.
    """
    key = order.partition.key
    done = store.manifests.latest(ASSET, key)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    with open_draft(store.manifests, ASSET, partition=key, recipe=order.recipe) as draft:
        todo = [item for item in order.items if label_key(item) not in draft.finished]
        kept = [item for item in todo if item.attempt.image_sha256 is not None]
        failed = _label(kept, draft, engine, log)
        lost = [item for item in todo if item.attempt.image_sha256 is None]
        failed += _label(_drawn_again(lost, redraw), draft, engine, log)
        refuse_many(failed, n_items=len(order.items), max_frac=order.max_bad_frac, noun="pictures")
        return draft.commit(
            tables=TABLES,
            finish=lambda drafted: _with_failed(drafted, failed),
            code_version=CODE_VERSION,
            run_id=run_id,
            provenance=order.provenance,
            parents=order.parents,
        )


def _label(
    items: Sequence[LabelItem], draft: Draft, engine: Engine, log: Log | None
) -> list[Quarantined]:
    """Draft what is final: a label, or a bad file. What may pass by itself is given back."""
    failed = []
    for outcome in engine.map(label_scene, items, key=label_key, log=log, label=ASSET):
        failed += keep(outcome, draft, _tables)
    return failed


def _tables(label: LabelledScene) -> dict[str, list[LabelledScene]]:
    return {TABLE: [label]}


def _drawn_again(items: Sequence[LabelItem], redraw: Redraw) -> list[LabelItem]:
    """Items with the pictures that were drawn for them; one without has a reason to be found."""
    if not items:
        return []
    names = redraw([item.attempt for item in items])
    attempts = (
        replace(item.attempt, image_sha256=names.get(attempt_key(item.attempt))) for item in items
    )
    return [replace(item, attempt=drawn) for item, drawn in zip(items, attempts, strict=True)]


def _with_failed(
    drafted: Mapping[str, pa.Table], failed: Sequence[Quarantined]
) -> dict[str, Sequence[Any] | pa.Table]:
    bad = to_records(drafted["quarantine"], Quarantined)
    return {**drafted, "quarantine": [*bad, *failed]}


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    """Whether nothing must be done again: rows and blobs are there, only files are at fault."""
    try:
        troubled = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
        rows = store.manifests.rows(version, TABLE)
    except DamagedPartError:
        return False
    names = {name for column in blob_columns(rows.schema) for name in rows[column].to_pylist()}
    is_final = all(row.status == "bad_input" for row in troubled)
    return is_final and all(store.blobs.exists(name) for name in names - {None})
