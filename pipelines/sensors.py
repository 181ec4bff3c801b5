"""What follows of itself, once somebody switches it on: each sensor is stopped by default.

Every sensor compares what is there with what it asked for last, so that a tick that is evaluated
twice, or after days of standstill, asks for the same (`pipelines.asking`).
"""

import json

import dagster as dg

from assets.object_bank.bank import ASSET as BANK
from assets.recipes import recipe_of
from assets.resources import ManifestStore
from assets.selecting.names import selections
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.sources import ABSENT
from pipelines.asking import State, ask, asked_by
from pipelines.jobs import build_bank, train
from pipelines.round_sensor import round_complete
from pipelines.run_configs import read_run_config
from pipelines.settings import Settings
from storage.atomic import StoreRefusedError

_SOURCE = "source/"
_VERSION_TAG = "dagster/data_version"


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors that start what follows."""
    return [round_complete, sources_changed, _training_set_changed(settings), report_conditions()]


def report_conditions() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the automation conditions of the assets that take seconds."""
    return dg.AutomationConditionSensorDefinition(
        "cheap_assets",
        target=dg.AssetSelection.assets("benchmark_report", "experiment_report"),
        description="Write the report of a benchmark, or of an experiment, again when its numbers "
        "changed.",
    )


@dg.sensor(
    job=build_bank,
    minimum_interval_seconds=300,
    description="Build the bank again when an observation found other sources than it was cut "
    "from; the job observe_data, or its schedule, observes.",
)
def sources_changed(
    context: dg.SensorEvaluationContext, store: ManifestStore
) -> dg.RunRequest | dg.SkipReason:
    """One run for each set of versions that differs from those of the latest bank."""
    try:
        bank = store.open().manifests.latest(BANK)
    except (ValueError, StoreRefusedError) as error:
        return dg.SkipReason(str(error))
    if bank is None:
        return dg.SkipReason("there is no bank yet; run the job build_bank once")
    used = {
        name.removeprefix(_SOURCE): version
        for name, version in bank.provenance.items()
        if name.startswith(_SOURCE)
    }
    seen = {name: _observed(context.instance, name) or used[name] for name in used}
    lost = sorted(name for name in used if seen[name] == ABSENT != used[name])
    if lost:
        return dg.SkipReason(f"not below the data root any more: {', '.join(lost)}; the bank stays")
    if seen == used:
        return dg.SkipReason("the sources are those that the bank was cut from")
    # With the bank's version: sources that come back, two banks later, are built from again.
    return dg.RunRequest(run_key=f"{recipe_of(seen)[:16]}:{bank.version}")


def _observed(instance: dg.DagsterInstance, source: str) -> str | None:
    """Data version that the latest observation of a source found; None where there is none."""
    found = instance.fetch_observations(dg.AssetKey(source), limit=1).records
    event = found[0].event_log_entry.asset_observation if found else None
    return None if event is None else event.data_version


def _training_set_changed(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        job=train,
        minimum_interval_seconds=60,
        description="Train on a selection when its pairs changed. It begins with the next change: "
        "what is there when it is switched on is not trained on.",
    )
    def training_set_changed(
        context: dg.SensorEvaluationContext,
    ) -> dg.SensorResult | dg.SkipReason:
        found = trained_versions(context.instance)
        versions = {name: state.digest for name, state in found.items()}
        if context.cursor is None:
            return dg.SensorResult(
                skip_reason=f"from now on changes of {len(found)} training sets are trained on",
                cursor=json.dumps(versions, sort_keys=True),
            )
        try:
            config = read_run_config(settings.train_config)
        except ValueError as error:
            return dg.SkipReason(str(error))
        return ask(found, asked_by(context), config, nothing="no training set changed")

    return training_set_changed


def trained_versions(instance: dg.DagsterInstance) -> dict[str, State]:
    """Training set of each selection whose last run passed its checks, by its data version."""
    found: dict[str, State] = {}
    for name in instance.get_dynamic_partitions(str(selections.name)):
        wanted = dg.AssetRecordsFilter(dg.AssetKey(TRAINING_SET), asset_partitions=[name])
        records = instance.fetch_materializations(wanted, limit=1).records
        event = records[0].event_log_entry.asset_materialization if records else None
        if event is not None and _is_done(instance, records[0].run_id):
            version = (event.tags or {}).get(_VERSION_TAG, "")
            found[name] = State(version, records[0].storage_id)
    return found


def _is_done(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a run ended well; an event that was reported without a run counts as such."""
    run = instance.get_run_by_id(run_id)
    return run is None or run.is_success
