"""Commit what the trials of a plan measure on a world, and the claims that rest on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.experiment.claims import claims_of
from assets.experiment.committing import gpus_for_trials, trials_of
from assets.experiment.finishing import draft_all, refuse_failed
from assets.experiment.measuring import MeasureItem, measure_key, measure_trial
from assets.experiment.names import (
    CLAIMS,
    MEASURED_PLANS,
    N_MEASUREMENTS,
    RESULTS,
    RESULTS_CODE,
    TRIALS,
    results_partition,
)
from assets.experiment.worlds import RenderedWorld
from assets.lineage import parents_of, version_to_read
from assets.recipes import recipe_of
from assets.resources import ManifestStore
from models.experiment.plan import Plan
from storage.experiment_records import (
    REPORT_WORLD,
    ExperimentClaim,
    ExperimentResult,
    ExperimentTrial,
)
from storage.manifests.drafts import Draft, open_draft
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.store import Store

DRAFT = recipe_of({"asset": RESULTS, "code_version": RESULTS_CODE})


@dataclass(frozen=True, kw_only=True)
class ResultsOrder:
    """What is measured.

    Attributes:
        plan: of the trials.
        world: of the benchmarks.
        trials: version that holds them.
        rows: of that version, of this plan.
        store_root: folder or URL of the store.
        single_writer: as the store was opened.
        device: that torch computes on.
        max_seconds: that one network may take.
    """

    plan: Plan
    world: RenderedWorld
    trials: ManifestVersion
    rows: tuple[ExperimentTrial, ...]
    store_root: str
    single_writer: bool
    device: str
    max_seconds: float

    @property
    def partition(self) -> str:
        """Of the results, in the store."""
        return results_partition(self.plan.name, self.world.name)

    @property
    def items(self) -> tuple[MeasureItem, ...]:
        """One network each."""
        return tuple(
            MeasureItem(
                trial=row,
                score=self.plan.arms[row.arm].score,
                world=self.world,
                store_root=self.store_root,
                single_writer=self.single_writer,
                device=self.device,
            )
            for row in self.rows
        )


def plan_results(
    plan: Plan, world: RenderedWorld, store: ManifestStore, *, device: str, max_seconds: float
) -> ResultsOrder:
    """The measurement of all trials that the latest version holds of a plan.

    Raises:
        ValueError: if there is no version, or it holds trials of another plan.
    """
    opened = store.open()
    trials = version_to_read(TRIALS, plan.name, opened)
    rows = tuple(row for row in trials_of(trials, opened) if row.plan == plan.digest)
    if not rows:
        raise ValueError(
            f"{TRIALS}, {plan.name}, version {trials.version}: need trials of the plan "
            f"{plan.digest[:16]}, got those of {trials.provenance.get('plan', '?')[:16]}; "
            f"materialize {TRIALS} with this plan first"
        )
    return ResultsOrder(
        plan=plan,
        world=world,
        trials=trials,
        rows=rows,
        store_root=store.root,
        single_writer=store.single_writer,
        device=device,
        max_seconds=max_seconds,
    )


@dataclass(frozen=True, kw_only=True)
class ResultRows:
    """What a version of results holds."""

    results: tuple[ExperimentResult, ...]
    claims: tuple[ExperimentClaim, ...]


def refuse_second_report(plan: Plan, world: str, store: Store, *, is_remeasured: bool) -> None:
    """Nothing, unless another plan was scored on the world of the report.

    Raises:
        ValueError: if one was, and nobody said that it may be.
    """
    former = measured_plans(store.manifests.latest(RESULTS, results_partition(plan.name, world)))
    if world != REPORT_WORLD or is_remeasured or not former or plan.digest in former:
        return
    raise ValueError(
        f"plan {plan.name}: need the plan {former[-1][:16]} that was scored on the world of the "
        f"report before, got {plan.digest[:16]}; it is scored once, after nothing is mended any "
        "more: go back to that plan, or say is_remeasured: true, which the page tells"
    )


def measured_plans(version: ManifestVersion | None) -> tuple[str, ...]:
    """Digests of all plans that were scored on the world of a version, in their order."""
    return tuple(version.provenance.get(MEASURED_PLANS, "").split()) if version else ()


def n_measurements(version: ManifestVersion | None) -> int:
    """How often weights were scored on the world of a version."""
    return int(version.provenance.get(N_MEASUREMENTS, "0")) if version else 0


def commit_results(
    order: ResultsOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """The version that holds the results of all trials; what is measured is not measured again.

    Before the first number of a plan on a world, a version says that the plan is scored there:
    a run that is stopped counts, too.

    Raises:
        ItemsFailedError: if a network could not be measured, after the others are committed.
        CommitConflictError: if another run committed this partition meanwhile.
    """
    run = _Run(order=order, store=store, engine=engine, run_id=run_id, log=log)
    manifests, partition = store.manifests, order.partition
    if order.plan.digest not in measured_plans(manifests.latest(RESULTS, partition)):
        run.commit(())
    return run.commit(order.items)


def results_of(version: ManifestVersion, store: Store) -> ResultRows:
    """The rows of a version.

    Raises:
        DamagedPartError: if they cannot be read.
    """
    rows = store.manifests.rows
    return ResultRows(
        results=tuple(to_records(rows(version, RESULTS), ExperimentResult)),
        claims=tuple(to_records(rows(version, CLAIMS), ExperimentClaim)),
    )


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A run over the networks of a plan."""

    order: ResultsOrder
    store: Store
    engine: Engine
    run_id: str
    log: Log | None

    def commit(self, items: Sequence[MeasureItem]) -> ManifestVersion:
        """Measure what is not measured yet; the version that holds all, the latest if it does."""
        manifests, partition = self.store.manifests, self.order.partition
        known = self._known()
        with open_draft(manifests, RESULTS, partition=partition, recipe=DRAFT) as draft:
            missing = [one for one in items if one.measurement not in known]
            left = [one for one in missing if measure_key(one) not in draft.finished]
            failed = self._measure(left, draft)
            latest = manifests.latest(RESULTS, partition)
            is_same = not draft.finished and len(failed) == len(left)
            if latest is None or not is_same or not self._holds(latest, known):
                latest = draft.commit(
                    tables=(RESULTS,),
                    finish=lambda tables: self._content(known, tables),
                    code_version=RESULTS_CODE,
                    run_id=self.run_id,
                    provenance=self._provenance(latest, is_measured=bool(left or draft.finished)),
                    parents=parents_of(self.order.trials),
                )
        refuse_failed(failed, noun="networks")
        return latest

    def _known(self) -> dict[str, list[ExperimentResult]]:
        """Rows of the wanted measurements by digest, of any kept version."""
        wanted = {item.measurement for item in self.order.items}
        found: dict[str, list[ExperimentResult]] = {}
        manifests = self.store.manifests
        for version in reversed(manifests.versions(RESULTS, self.order.partition)):
            fresh = _by_measurement(_rows_or_none(version, self.store), self.order.plan.digest)
            found |= {name: fresh[name] for name in fresh.keys() & (wanted - found.keys())}
            if wanted == found.keys():
                break
        return found

    def _measure(self, items: Sequence[MeasureItem], draft: Draft) -> list[str]:
        patient = self.engine.model_copy(update={"item_timeout_s": self.order.max_seconds})
        plan, device = self.order.plan, self.order.device
        gpus = gpus_for_trials(patient, device, plan) if items else {}
        outcomes = patient.map(
            measure_trial, items, key=measure_key, log=self.log, label=RESULTS, resources=gpus
        )
        return draft_all(outcomes, draft, lambda measured: {RESULTS: measured.rows})

    def _content(
        self, known: Mapping[str, list[ExperimentResult]], tables: Mapping[str, pa.Table]
    ) -> dict[str, Sequence[ExperimentResult] | Sequence[ExperimentClaim]]:
        """Rows of what the plan's trials are now, and the claims that follow from them."""
        wanted = {item.measurement for item in self.order.items}
        drafted = to_records(tables[RESULTS], ExperimentResult)
        fresh = _by_measurement(drafted, self.order.plan.digest)
        counted = {**known, **{name: rows for name, rows in fresh.items() if name in wanted}}
        results = [row for rows in counted.values() for row in rows]
        return {
            RESULTS: results,
            CLAIMS: claims_of(self.order.plan, self.order.world.name, results),
        }

    def _holds(self, version: ManifestVersion, known: Mapping[str, list[ExperimentResult]]) -> bool:
        """Whether a version has just these rows, and no others."""
        has_claims = CLAIMS in version.tables
        there = _rows_or_none(version, self.store)
        return has_claims and set(there) == {row for rows in known.values() for row in rows}

    def _provenance(self, former: ManifestVersion | None, *, is_measured: bool) -> dict[str, str]:
        plan, world = self.order.plan, self.order.world
        plans = dict.fromkeys((*measured_plans(former), plan.digest))
        return {
            "plan": plan.digest,
            "plan_text": plan.model_dump_json(),
            "world": world.name,
            "world_seed": str(world.seed),
            "world_version": world.version,
            MEASURED_PLANS: " ".join(plans),
            N_MEASUREMENTS: str(n_measurements(former) + is_measured),
        }


def _by_measurement(
    rows: Sequence[ExperimentResult], plan: str
) -> dict[str, list[ExperimentResult]]:
    """Rows by what they measure, under the name of a plan."""
    found: dict[str, list[ExperimentResult]] = {}
    for row in rows:
        found.setdefault(row.measurement, []).append(replace(row, plan=plan))
    return found


def _rows_or_none(version: ManifestVersion, store: Store) -> tuple[ExperimentResult, ...]:
    try:
        return results_of(version, store).results
    except DamagedPartError:
        return ()
