"""Commit the drawn scenes of a partition: fan out, keep what is finished, refuse what failed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from assets.engine.outcome import Outcome
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.synthesis.attempting import DrawnScene, SynthesisItem, draw_scenes, item_key
from assets.synthesis.order import CODE_VERSION, SynthesisOrder
from storage.manifests.drafts import Draft, open_draft
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import ExecutionProfile
from storage.store import Store

ASSET = "synthetic_scenes"
TABLES = ("scene_attempts", "object_attempts", "execution_profiles", "quarantine")
BLOB_COLUMNS = ("image_sha256", "thumbnail_sha256", "layout_sha256")


def synthesize(
    order: SynthesisOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the scenes of an order; scenes that a killed run finished are kept.

    A version of the same order whose pictures are all there is returned as it is.

    Raises:
        RuntimeError: if an item failed for other reasons than its files, or too many scenes have
            bad files; nothing is committed then, and what is finished is kept for the next run.
        CommitConflictError: if another run committed this partition meanwhile.
    """
    key = order.partition.key
    done = store.manifests.latest(ASSET, key)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    with open_draft(store.manifests, ASSET, partition=key, recipe=order.recipe) as draft:
        items = order.items(draft.finished)
        failed: list[str] = []
        for outcome in engine.map(draw_scenes, items, key=item_key, log=log, label=ASSET):
            failed += _keep(outcome, draft)
        if failed:
            raise RuntimeError(
                f"{len(failed)} of {len(items)} items failed, so nothing was committed; the first: "
                f"{failed[0]}; mend the cause and run again, what is finished is kept"
            )
        return draft.commit(
            tables=TABLES,
            finish=lambda drafted: _finish(drafted, order),
            code_version=CODE_VERSION,
            run_id=run_id,
            provenance=order.provenance,
            parents=order.parents,
        )


def _keep(outcome: Outcome[SynthesisItem, list[DrawnScene]], draft: Draft) -> list[str]:
    """Draft each scene of an item, drawn or with a bad file."""
    if outcome.error is not None:
        return [f"{outcome.key}: {outcome.error.reason}"]
    for scene in outcome.value or []:
        draft.add(scene.key, _rows(scene))
    return []


def _rows(scene: DrawnScene) -> dict[str, Sequence[Any]]:
    if scene.error is not None:
        row = Quarantined(item=scene.key, status=scene.error.kind, reason=scene.error.reason)
        return {"quarantine": [row]}
    return {
        "scene_attempts": scene.attempts,
        "object_attempts": scene.objects,
        "execution_profiles": scene.profiles,
    }


def _finish(drafted: Mapping[str, pa.Table], order: SynthesisOrder) -> dict[str, Any]:
    """All rows, each profile once; refused where too many frames are bad."""
    bad = to_records(drafted["quarantine"], Quarantined)
    if len(bad) > order.max_bad_frac * len(order.scenes):
        raise RuntimeError(
            f"{len(bad)} of {len(order.scenes)} scenes have bad files, limit {order.max_bad_frac}, "
            f"so nothing was committed; the first: {bad[0].item}: {bad[0].reason}"
        )
    profiles = {
        profile.profile_id: profile
        for profile in to_records(drafted["execution_profiles"], ExecutionProfile)
    }
    return {**drafted, "execution_profiles": list(profiles.values())}


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    """Whether rows and pictures are all there."""
    try:
        attempts = store.manifests.rows(version, "scene_attempts")
    except DamagedPartError:
        return False
    names = {name for column in BLOB_COLUMNS for name in attempts.column(column).to_pylist()}
    return all(store.blobs.exists(name) for name in names - {None})
