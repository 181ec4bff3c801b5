"""Import a set: fan the reading out, keep what is final, refuse what hides a cause, commit."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from assets.drafting import keep, refuse_many
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.importing.names import ASSET, TABLE
from assets.importing.order import CODE_VERSION, ImportOrder
from assets.importing.reading import import_key, import_scene
from storage.manifests.drafts import open_draft
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import LabelledScene
from storage.store import Store

__all__ = ["ASSET", "TABLE", "TABLES", "import_set"]

TABLES = (TABLE, "quarantine")

_DIGITS = 16


def import_set(
    order: ImportOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the scenes of a set; scenes that a killed run read are not read again.

    A version of the same files whose pictures are all there is returned as it is.

    Raises:
        RuntimeError: if more scenes failed than the order allows, for reasons other than their
            files; nothing is committed then.
        CommitConflictError: if another run committed this set meanwhile.
    """
    done = store.manifests.latest(ASSET, order.name)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    with open_draft(store.manifests, ASSET, partition=order.name, recipe=order.recipe) as draft:
        todo = [item for item in order.items if import_key(item) not in draft.finished]
        failed: list[Quarantined] = []
        for outcome in engine.map(import_scene, todo, key=import_key, log=log, label=ASSET):
            failed += keep(outcome, draft, _tables)
        refuse_many(
            failed, n_items=len(order.items), max_frac=order.config.max_bad_frac, noun="scenes"
        )
        return draft.commit(
            tables=TABLES,
            finish=lambda drafted: _finish(drafted, order, failed),
            code_version=CODE_VERSION,
            run_id=run_id,
            provenance=order.provenance,
        )


def _tables(scene: LabelledScene) -> dict[str, list[LabelledScene]]:
    return {TABLE: [scene]}


def _finish(
    drafted: Mapping[str, pa.Table], order: ImportOrder, failed: Sequence[Quarantined]
) -> Mapping[str, Sequence[Any]]:
    """Name the set by its content, so that a copy of it gives equal rows."""
    rows = to_records(drafted[TABLE], LabelledScene)
    content = "".join(f"{row.image_sha256}{row.label_sha256}\n" for row in rows)
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
    bad = to_records(drafted["quarantine"], Quarantined)
    return {
        TABLE: [replace(row, generator=f"{order.name}@{digest}") for row in rows],
        "quarantine": [*bad, *failed, *order.gaps],
    }


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    """Whether nothing must be done again: rows and pictures are there, only files are at fault."""
    try:
        rows = to_records(store.manifests.rows(version, TABLE), LabelledScene)
        troubled = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
    except DamagedPartError:
        return False
    named = {
        name
        for row in rows
        for name in (
            row.image_sha256,
            row.label_sha256,
            row.layout_sha256,
            row.sam_layout_sha256,
        )
    }
    is_final = all(row.status == "bad_input" for row in troubled)
    return is_final and all(store.blobs.exists(name) for name in named if name)
