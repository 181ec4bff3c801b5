"""Commit a training: run it on the engine, join its rows with those of other architectures."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from assets.engine.orphans import ends_with_its_asker
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.segmenters.following import Observe, following
from assets.segmenters.item import TrainingItem, training_key
from assets.segmenters.names import ASSET, CHECKPOINTS, CODE_VERSION, STEPS
from assets.segmenters.order import TrainingOrder
from assets.segmenters.turns import IN_STEP, training_turn
from assets.segmenters.work import Refused, Trained, train_item
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.store import Store
from storage.training_records import SegmenterCheckpoint, TrainingStep


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a version holds."""

    checkpoints: tuple[SegmenterCheckpoint, ...] = ()
    steps: tuple[TrainingStep, ...] = ()

    def of_training(self, training: str) -> "Rows":
        """The rows of one training."""
        return Rows(
            checkpoints=tuple(row for row in self.checkpoints if row.training == training),
            steps=tuple(row for row in self.steps if row.training == training),
        )

    @property
    def scored(self) -> tuple[TrainingStep, ...]:
        """Steps after which the network was scored on the held-out frames."""
        return tuple(step for step in self.steps if step.average_precision is not None)

    @property
    def curves(self) -> dict[str, tuple[list[int], list[float]]]:
        """Name -> numbers of the steps and values there, for `models.plots.step_curves`."""
        numbers = [step.step for step in self.scored]
        return {
            "loss": ([step.step for step in self.steps], [step.loss for step in self.steps]),
            "AP": (numbers, [step.average_precision or 0.0 for step in self.scored]),
            "mIoU": (numbers, [step.mean_iou or 0.0 for step in self.scored]),
        }


def commit_training(
    order: TrainingOrder,
    store: Store,
    engine: Engine,
    *,
    run_id: str,
    log: Log | None = None,
    observe: Observe | None = None,
) -> ManifestVersion:
    """The version that holds the checkpoints of an order; a finished training is not done again.

    One that was interrupted goes on. The work folder is removed when its rows are committed.

    Raises:
        ValueError: if an input is bad or the loss became something else than a number.
        TurnTakenError: if another step is at the same training, and goes on.
        RuntimeError: if the training failed for another reason; running again goes on.
        CommitConflictError: if another run committed this selection meanwhile.
    """
    with training_turn(order.item, IN_STEP), ends_with_its_asker():
        return _commit(order, store, lambda: _train(order, engine, log, observe), run_id)


def _commit(
    order: TrainingOrder, store: Store, train: Callable[[], Trained], run_id: str
) -> ManifestVersion:
    wish = order.item.wish
    done = store.manifests.latest(ASSET, wish.selection)
    former = Rows() if done is None else rows_or_none(done, store)
    if done is not None and _is_there(former.of_training(wish.training), store):
        return done
    rows = _joined(_others(former, wish.architecture), train())
    version = store.manifests.commit(
        ASSET,
        {CHECKPOINTS: rows.checkpoints, STEPS: rows.steps},
        partition=wish.selection,
        base=done.version if done else 0,
        recipe=wish.training,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=order.provenance,
        parents=order.parents,
    )
    shutil.rmtree(order.item.folder, ignore_errors=True)
    return version


def rows_of(version: ManifestVersion, store: Store) -> Rows:
    """All rows of a version.

    Raises:
        DamagedPartError: if they cannot be read.
    """
    rows = store.manifests.rows
    return Rows(
        checkpoints=tuple(to_records(rows(version, CHECKPOINTS), SegmenterCheckpoint)),
        steps=tuple(to_records(rows(version, STEPS), TrainingStep)),
    )


def rows_or_none(version: ManifestVersion, store: Store) -> Rows:
    """All rows of a version, or none where they cannot be read."""
    try:
        return rows_of(version, store)
    except DamagedPartError:
        return Rows()


def gpus_of(item: TrainingItem, engine: Engine) -> dict[str, float]:
    """What the worker of a training must offer: a GPU for each process, if it trains on GPUs.

    Where the device is ``auto`` it does so where a worker offers any.

    Raises:
        EngineError: if there are no workers.
    """
    return engine.gpus_for(item.device, item.wish.n_processes)


def _train(
    order: TrainingOrder, engine: Engine, log: Log | None, observe: Observe | None
) -> Trained:
    item = order.item
    # A training ends in hours and goes on from its last state: there is nothing to wait for.
    changes = {"n_workers": 1, "item_timeout_s": order.max_seconds, "drain_s": 0.0}
    patient = engine.model_copy(update=changes)
    gpus = gpus_of(item, patient)
    outcomes = patient.map(train_item, [item], key=training_key, resources=gpus)
    with following(item.folder, log, observe), closing(outcomes):  # type: ignore[type-var]  # a generator
        outcome = next(outcomes)
    if isinstance(outcome.value, Refused):
        raise ValueError(f"training {outcome.key}: {outcome.value.reason}")
    if outcome.value is None:
        reason = outcome.error.reason if outcome.error else "no value"
        raise RuntimeError(
            f"training {outcome.key} did not end: {reason}; run again to go on from its last state"
        )
    return outcome.value


def _others(former: Rows, architecture: str) -> Rows:
    """Rows of the trainings of other architectures, which stay."""
    checkpoints = tuple(row for row in former.checkpoints if row.architecture != architecture)
    kept = {row.training for row in checkpoints}
    steps = tuple(step for step in former.steps if step.training in kept)
    return Rows(checkpoints=checkpoints, steps=steps)


def _joined(kept: Rows, trained: Trained) -> Rows:
    return Rows(
        checkpoints=(*kept.checkpoints, *trained.checkpoints),
        steps=(*kept.steps, *trained.steps),
    )


def _is_there(found: Rows, store: Store) -> bool:
    names: Sequence[str] = [row.checkpoint_sha256 for row in found.checkpoints]
    return bool(names) and all(store.blobs.exists(name) for name in names)
