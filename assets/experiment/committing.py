"""Commit the trainings of a plan, in two waves; what is trained is not trained again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from assets.engine.offers import GPU
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.experiment.finishing import draft_all, refuse_failed
from assets.experiment.item import TrialItem, trial_key
from assets.experiment.names import TRIALS, TRIALS_CODE
from assets.experiment.order import TrialsOrder
from assets.experiment.running import run_trial
from assets.recipes import recipe_of
from assets.segmenters.item import HeldOut
from assets.segmenters.order import refuse_unusable
from assets.selecting.samples import ASSET as TRAINING_SET
from models.experiment.plan import Plan
from storage.experiment_records import ExperimentTrial
from storage.manifests.drafts import Draft, open_draft
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.store import Store

DRAFT = recipe_of({"asset": TRIALS, "code_version": TRIALS_CODE})
"""Of every draft: what is finished counts for any plan of the name that asks for it."""


_ONE_FRAME = HeldOut(frac=0.5, max_frames=1, every_n_epochs=1)
"""Trials hold nothing out; a set that could hold out one frame has two."""


def commit_trials(
    order: TrialsOrder,
    store: Store,
    engine: Engine,
    *,
    run_id: str,
    log: Log | None = None,
    max_seconds: float = 1_800.0,
) -> ManifestVersion:
    """The version that holds every trained trial of the plan, this run's among them.

    First all starts, then what begins with them. A trial is kept for as long as what decides it
    stays; a version holds those of the plan as it is now. One that fails stops no other, but what
    begins with its weights.

    Args:
        order: the plan, its trials, and those that this run is about.
        store: that gets rows and weights.
        engine: that runs a trial as an item.
        run_id: of the run.
        log: gets a line now and then.
        max_seconds: that a trial may take.

    Raises:
        ItemsFailedError: if trials failed, after the others are committed.
        ValueError: if a training set cannot be used.
        CommitConflictError: if another run committed this plan meanwhile.
    """
    patient = engine.model_copy(update={"item_timeout_s": max_seconds})
    run = _Run(order=order, store=store, engine=patient, run_id=run_id, log=log)
    _, failed = run.commit(order.starts)
    trained = {row.trial: row.checkpoint_sha256 for row in run.known().values()}
    begun = [
        replace(one, start_sha256=trained[one.start])
        for one in order.others
        if one.start in trained
    ]
    version, others = run.commit(begun)
    refuse_failed([*failed, *others], noun="trainings")
    return version


def gpus_for_trials(engine: Engine, device: str, plan: Plan) -> dict[str, float]:
    """What an item takes of a worker's GPUs, where several trials share one.

    Local workers that share a GPU offer no whole one, and are given no more than they can run.
    """
    offered = engine.most_offered(GPU)
    is_wanted = device.partition(":")[0] in ("auto", "cuda")
    return {GPU: min(offered, 1 / plan.n_at_once)} if offered and is_wanted else {}


def trials_of(version: ManifestVersion, store: Store) -> tuple[ExperimentTrial, ...]:
    """The rows of a version.

    Raises:
        DamagedPartError: if they cannot be read.
    """
    return tuple(to_records(store.manifests.rows(version, TRIALS), ExperimentTrial))


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A run of some trials of a plan."""

    order: TrialsOrder
    store: Store
    engine: Engine
    run_id: str
    log: Log | None

    def commit(self, items: Sequence[TrialItem]) -> tuple[ManifestVersion, list[str]]:
        """Train what is not trained yet; the version that holds all, and reasons of failures.

        It is the latest one where that holds just these rows.
        """
        manifests, name = self.store.manifests, self.order.plan.name
        known = self.known()
        with open_draft(manifests, TRIALS, partition=name, recipe=DRAFT) as draft:
            missing = [one for one in items if one.trial not in known]
            left = [one for one in missing if trial_key(one) not in draft.finished]
            _refuse_unusable(left, self.store)
            failed = self._train(left, draft)
            latest = manifests.latest(TRIALS, name)
            is_same = not draft.finished and len(failed) == len(left)
            if latest is None or not is_same or not self._holds(latest, known):
                latest = draft.commit(
                    tables=(TRIALS,),
                    finish=lambda tables: {TRIALS: self._joined(known, tables)},
                    code_version=TRIALS_CODE,
                    run_id=self.run_id,
                    provenance=self._provenance(),
                    parents=self.order.parents,
                )
        return latest, failed

    def known(self) -> dict[str, ExperimentTrial]:
        """Rows of the plan's trials by digest, of any kept version, whose weights are there."""
        wanted = {item.trial for item in self.order.items}
        found: dict[str, ExperimentTrial] = {}
        for version in reversed(self.store.manifests.versions(TRIALS, self.order.plan.name)):
            for row in _rows_or_none(version, self.store):
                if row.trial in wanted - found.keys() and self._is_there(row):
                    found[row.trial] = replace(row, plan=self.order.plan.digest)
            if wanted == found.keys():
                break
        return found

    def _train(self, items: Sequence[TrialItem], draft: Draft) -> list[str]:
        """Draft the row of each item as it comes; the reasons of those that failed."""
        draft.flush_items = 1  # a training is dear
        device = items[0].device if items else "cpu"
        gpus = gpus_for_trials(self.engine, device, self.order.plan) if items else {}
        outcomes = self.engine.map(
            run_trial, items, key=trial_key, log=self.log, label=TRIALS, resources=gpus
        )
        return draft_all(outcomes, draft, lambda row: {TRIALS: [row]})

    def _joined(
        self, known: Mapping[str, ExperimentTrial], tables: Mapping[str, pa.Table]
    ) -> list[ExperimentTrial]:
        """What was known and what was drafted, as far as the plan asks for it."""
        wanted, plan = {item.trial for item in self.order.items}, self.order.plan.digest
        drafted = to_records(tables[TRIALS], ExperimentTrial)
        fresh = {row.trial: replace(row, plan=plan) for row in drafted if row.trial in wanted}
        return list({**known, **fresh}.values())

    def _holds(self, version: ManifestVersion, known: Mapping[str, ExperimentTrial]) -> bool:
        rows = {row.trial: row for row in _rows_or_none(version, self.store)}
        return rows == dict(known)

    def _is_there(self, row: ExperimentTrial) -> bool:
        return self.store.blobs.exists(row.checkpoint_sha256)

    def _provenance(self) -> dict[str, str]:
        plan = self.order.plan
        return {
            "plan": plan.digest,
            "plan_text": plan.model_dump_json(),
            "trials": str(len(plan.trials())),
        }


def _refuse_unusable(items: Sequence[TrialItem], store: Store) -> None:
    """Let pass training sets whose pictures are there and whose sources may be used.

    Raises:
        ValueError: naming the first that is another.
    """
    for pairs in dict.fromkeys(item.pairs for item in items if item.pairs):
        version = store.manifests.version(TRAINING_SET, pairs.version, pairs.selection)
        refuse_unusable(version, _ONE_FRAME, store)


def _rows_or_none(version: ManifestVersion, store: Store) -> tuple[ExperimentTrial, ...]:
    try:
        return trials_of(version, store)
    except DamagedPartError:
        return ()
