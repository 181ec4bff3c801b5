"""Commit the drawn scenes of a partition: fan out, keep what is finished, refuse what failed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from assets.engine.outcome import Outcome
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.synthesis.attempting import DrawnScene, SynthesisItem, draw_scenes, item_key
from assets.synthesis.former import sound_scenes
from assets.synthesis.order import CODE_VERSION, SynthesisOrder
from storage.manifests.drafts import Draft, open_draft
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import ExecutionProfile
from storage.store import Store

ASSET = "synthetic_scenes"
TABLES = ("scene_attempts", "object_attempts", "execution_profiles", "quarantine")


def synthesize(
    order: SynthesisOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the scenes of an order; scenes that a killed run finished are kept.

    A version of the same order with all scenes and pictures is returned as it is; where some are
    missing or in quarantine, only those are tried again.

    Raises:
        RuntimeError: if an item failed as a whole, or too many scenes failed or have bad files;
            nothing is committed then, and what is finished is kept for the next run.
        CommitConflictError: if another run committed this partition meanwhile.
    """
    key = order.partition.key
    done = store.manifests.latest(ASSET, key)
    if done is not None and done.recipe != order.recipe:
        done = None
    former = {} if done is None else sound_scenes(done, store)
    if done is not None and not order.items(former):
        return done
    with open_draft(store.manifests, ASSET, partition=key, recipe=order.recipe) as draft:
        for scene in sorted(former.keys() - draft.finished):
            draft.add(scene, former[scene])
        bad = _draw(order.items(former.keys() | draft.finished), draft, engine, log)
        _refuse_many(bad, order)
        return draft.commit(
            tables=TABLES,
            finish=lambda drafted: _finish(drafted, bad),
            code_version=CODE_VERSION,
            run_id=run_id,
            provenance=order.provenance,
            parents=order.parents,
        )


def _draw(
    items: Sequence[SynthesisItem], draft: Draft, engine: Engine, log: Log | None
) -> list[Quarantined]:
    """Draft the scenes that were drawn; those that failed or have bad files are given back.

    They are no part of the draft, so that the next run tries them again.
    """
    failed: list[str] = []
    bad: list[Quarantined] = []
    gpus = engine.gpus_for(items[0].compute.device) if items else {}
    for outcome in engine.map(
        draw_scenes, items, key=item_key, log=log, label=ASSET, resources=gpus
    ):
        if outcome.error is not None:
            failed.append(f"{outcome.key}: {outcome.error.reason}")
        else:
            bad += _keep(outcome, draft)
    if failed:
        raise RuntimeError(
            f"{len(failed)} of {len(items)} items failed, so nothing was committed; the first: "
            f"{failed[0]}; mend the cause and run again, what is finished is kept"
        )
    return bad


def _keep(outcome: Outcome[SynthesisItem, list[DrawnScene]], draft: Draft) -> list[Quarantined]:
    bad = []
    for scene in outcome.value or []:
        if scene.error is None:
            draft.add(scene.key, _rows(scene))
        else:
            row = Quarantined(item=scene.key, status=scene.error.kind, reason=scene.error.reason)
            bad.append(row)
    return bad


def _rows(scene: DrawnScene) -> dict[str, Sequence[Any]]:
    return {
        "scene_attempts": scene.attempts,
        "object_attempts": scene.objects,
        "execution_profiles": scene.profiles,
    }


def _refuse_many(bad: Sequence[Quarantined], order: SynthesisOrder) -> None:
    if len(bad) > order.max_bad_frac * len(order.scenes):
        raise RuntimeError(
            f"{len(bad)} of {len(order.scenes)} scenes failed or have bad files, limit "
            f"{order.max_bad_frac}, so nothing was committed; the first: {bad[0].item}: "
            f"{bad[0].reason}; mend the cause and run again, what is finished is kept"
        )


def _finish(drafted: Mapping[str, pa.Table], bad: Sequence[Quarantined]) -> dict[str, Any]:
    """All rows, each profile once."""
    profiles = {
        profile.profile_id: profile
        for profile in to_records(drafted["execution_profiles"], ExecutionProfile)
    }
    return {**drafted, "quarantine": bad, "execution_profiles": list(profiles.values())}
