"""Commit a training on the known classes; one that is done is not done again."""

from dataclasses import dataclass

from assets.closed_set.names import ASSET, CHECKPOINTS, CODE_VERSION, STEPS
from assets.closed_set.order import ClosedSetOrder
from assets.engine.progress import Log
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.store import Store
from storage.training_records import ClosedSetCheckpoint, ClosedSetStep


@dataclass(frozen=True, kw_only=True)
class ClosedSetRows:
    """What a version holds."""

    checkpoint: ClosedSetCheckpoint
    steps: tuple[ClosedSetStep, ...]


def commit_closed_set(
    order: ClosedSetOrder, store: Store, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the checkpoint of an order, trained in this process if need be.

    Blob and rows are written at the end, so that a run that is stopped leaves nothing.

    Raises:
        ValueError: if a frame is bad or the loss became something else than a number.
        CommitConflictError: if another run committed this architecture meanwhile.
    """
    done = store.manifests.latest(ASSET, order.architecture)
    if done is not None and done.recipe == order.training and _is_sound(done, store):
        return done
    rows = _train(order, store, log)
    return store.manifests.commit(
        ASSET,
        {CHECKPOINTS: [rows.checkpoint], STEPS: rows.steps},
        partition=order.architecture,
        base=done.version if done else 0,
        recipe=order.training,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=order.provenance,
    )


def rows_of(version: ManifestVersion, store: Store) -> ClosedSetRows:
    """The rows of a version.

    Raises:
        DamagedPartError: if they cannot be read.
    """
    rows = store.manifests.rows
    (checkpoint,) = to_records(rows(version, CHECKPOINTS), ClosedSetCheckpoint)
    steps = tuple(to_records(rows(version, STEPS), ClosedSetStep))
    return ClosedSetRows(checkpoint=checkpoint, steps=steps)


def _train(order: ClosedSetOrder, store: Store, log: Log | None) -> ClosedSetRows:
    from assets.closed_set.training import ClosedSetTraining
    from assets.closed_set.weights import facts_of, weights_file

    training = ClosedSetTraining(order)
    steps = training.run(log)
    facts = facts_of(order, training)
    name = store.blobs.put(weights_file(training.network, facts), ".safetensors")
    return ClosedSetRows(
        checkpoint=ClosedSetCheckpoint(checkpoint_sha256=name, **facts), steps=steps
    )


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    try:
        return store.blobs.exists(rows_of(version, store).checkpoint.checkpoint_sha256)
    except DamagedPartError:
        return False
