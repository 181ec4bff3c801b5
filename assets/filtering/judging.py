"""Judge stored scores, and commit a verdict on every attempt."""

from assets.filtering.drawn import Drawn, SceneKey, read_drawn, scene_key
from assets.filtering.order import CODE_VERSION, FilterOrder
from models.filtering import Thresholds, judge
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.scene_records import SceneVerdict
from storage.store import Store

ASSET = "filtered_scenes"
TABLE = "scene_verdicts"


def judge_drawn(drawn: Drawn, thresholds: Thresholds) -> list[SceneVerdict]:
    """A verdict on each attempt; the first accepted one of a scene is chosen."""
    chosen: set[SceneKey] = set()
    verdicts = []
    for attempt in sorted(drawn.attempts, key=lambda row: row.attempt):
        verdict = judge(drawn.scores(attempt), thresholds)
        is_chosen = verdict.is_accepted and scene_key(attempt) not in chosen
        if is_chosen:
            chosen.add(scene_key(attempt))
        verdicts.append(
            SceneVerdict(
                round=attempt.round,
                frame_id=attempt.frame_id,
                variant=attempt.variant,
                attempt=attempt.attempt,
                verdict="accepted" if verdict.is_accepted else "rejected",
                reason=None if verdict.reason is None else str(verdict.reason),
                is_chosen=is_chosen,
            )
        )
    return verdicts


def commit_verdicts(order: FilterOrder, store: Store, *, run_id: str) -> ManifestVersion:
    """The version that holds the verdicts of an order; one that is there already is returned.

    Raises:
        ValueError: if what was drawn lacks rows.
        CommitConflictError: if another run committed this partition meanwhile.
    """
    key = order.partition.key
    done = store.manifests.latest(ASSET, key)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    verdicts = judge_drawn(read_drawn(order.scenes, store), order.thresholds)
    return store.manifests.commit(
        ASSET,
        {TABLE: verdicts},
        partition=key,
        base=done.version if done else 0,
        recipe=order.recipe,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=order.provenance,
        parents=order.parents,
    )


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    try:
        store.manifests.rows(version, TABLE)
    except DamagedPartError:
        return False
    return True
