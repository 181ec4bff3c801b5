"""Commit the requests of a partition: fan the frames out, keep what is bad, refuse what is not."""

from collections.abc import Sequence

from assets.engine.outcome import quarantined
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.scenes.order import CODE_VERSION, SceneOrder
from assets.scenes.requesting import request_key, request_scenes
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import SceneRequest
from storage.store import Store

ASSET = "scene_requests"
TABLES = ("scene_requests", "quarantine")


def commit_requests(
    order: SceneOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the requests of an order; one that is there already is returned.

    Raises:
        RuntimeError: if more frames failed than the order allows; nothing is committed then.
        CommitConflictError: if another run committed this partition meanwhile.
    """
    key = order.partition.key
    done = store.manifests.latest(ASSET, key)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    rows: list[SceneRequest] = []
    bad: list[Quarantined] = []
    for outcome in engine.map(request_scenes, order.items, key=request_key, log=log, label=ASSET):
        if outcome.error is None:
            rows += outcome.value or []
        else:
            bad.append(quarantined(outcome))
    _refuse_failures(bad, order)
    return store.manifests.commit(
        ASSET,
        {"scene_requests": rows, "quarantine": [*bad, *order.gaps]},
        partition=key,
        base=done.version if done else 0,
        recipe=order.recipe,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=order.provenance,
        parents=order.parents,
    )


def _refuse_failures(bad: Sequence[Quarantined], order: SceneOrder) -> None:
    """Stop where frames failed for reasons other than their files: a row would hide the cause."""
    failed = [row for row in bad if row.status != "bad_input"]
    if len(failed) > order.config.max_bad_frac * len(order.items):
        raise RuntimeError(
            f"{len(failed)} of {len(order.items)} frames failed, so nothing was committed; the "
            f"first: {failed[0].item}: {failed[0].reason}; mend the cause and run again"
        )


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    """Whether nothing must be done again: rows can be read, and only files are at fault."""
    try:
        troubled = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
        store.manifests.rows(version, "scene_requests")
    except DamagedPartError:
        return False
    return all(row.status == "bad_input" for row in troubled)
