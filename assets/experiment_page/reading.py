"""The rows of an experiment as the store holds them: results, their claims and their trials."""

from assets.experiment.committing import trials_of
from assets.experiment.names import RESULTS, TRIALS, results_partition
from assets.experiment.results import measured_plans, n_measurements, results_of
from assets.experiment_page.contents import ExperimentRows
from assets.lineage import named_version
from models.experiment.plan import Plan
from storage.experiment_records import SELECTION_WORLD
from storage.manifests.pointers import ManifestVersion
from storage.store import Store


def rows_of_version(version: ManifestVersion, store: Store) -> ExperimentRows:
    """What a version of `experiment_results` holds, with the trials that it was measured from.

    The plan is the one that the version states, not the one that a file states by now.

    Raises:
        ValueError: if the version states no plan, or its trials are no longer in the store.
        DamagedPartError: if rows cannot be read.
    """
    plan = _plan(version)
    trials = _trials(version, plan, store)
    found = results_of(version, store)
    world = version.provenance["world"]
    digest = plan.digest
    selection = store.manifests.latest(RESULTS, results_partition(plan.name, SELECTION_WORLD))
    return ExperimentRows(
        plan=plan,
        world=world,
        trials=tuple(row for row in trials_of(trials, store) if row.plan == digest),
        results=tuple(row for row in found.results if row.plan == digest),
        claims=tuple(row for row in found.claims if row.plan == digest),
        versions={RESULTS: version.version, TRIALS: trials.version},
        n_plans_tried=len(measured_plans(selection)),
        n_plans_scored=len(measured_plans(version)),
        n_runs=n_measurements(version),
    )


def _plan(version: ManifestVersion) -> Plan:
    try:
        return Plan.model_validate_json(version.provenance["plan_text"])
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{RESULTS}, partition {version.partition}, version {version.version}: need the plan "
            f"that it was measured by, got {type(error).__name__}; materialize {RESULTS} again"
        ) from error


def _trials(version: ManifestVersion, plan: Plan, store: Store) -> ManifestVersion:
    named = version.parents.get(f"{TRIALS}/{plan.name}", "")
    found = named_version(TRIALS, plan.name, named, store)
    if found is None:
        raise ValueError(
            f"{RESULTS}, partition {version.partition}, version {version.version}: need the "
            f"version of {TRIALS} that it was measured from, got {named or 'no name of one'}, "
            f"which is not in the store; materialize {RESULTS} again"
        )
    return found
