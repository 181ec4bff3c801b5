"""What follows of itself, once somebody switches it on: each sensor is stopped by default.

Every sensor compares what is there with what it asked for last, so that a tick that is evaluated
twice, or after days of standstill, asks for the same. A tick asks for `MAX_REQUESTS` runs at most.
"""

import json
from collections.abc import Mapping, Set

import dagster as dg

from assets.labelling.labels import ASSET as LABELLED
from assets.object_bank.bank import ASSET as BANK
from assets.partitions import ScenePartition, cities, rounds
from assets.recipes import recipe_of
from assets.resources import ManifestStore
from assets.selecting.files import Selections
from assets.selecting.names import selections
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.sources import ABSENT
from pipelines.jobs import build_bank, select_training_set, train
from pipelines.run_configs import read_run_config
from pipelines.settings import Settings
from storage.atomic import StoreRefusedError

MAX_REQUESTS = 20
"""Runs that one tick asks for at most; the rest comes with the next ticks."""

_SOURCE = "source/"
_VERSION_TAG = "dagster/data_version"

Cursor = Mapping[str, str]
"""What was asked for last, by selection: a digest."""


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors that start what follows."""
    return [round_complete, sources_changed, _training_set_changed(settings), report_conditions()]


def report_conditions() -> dg.AutomationConditionSensorDefinition:
    """Evaluates the automation conditions of the assets that take seconds."""
    return dg.AutomationConditionSensorDefinition(
        "cheap_assets",
        target=dg.AssetSelection.assets("benchmark_report"),
        description="Write the report of a benchmark again when its scores changed.",
    )


@dg.sensor(
    job=select_training_set,
    minimum_interval_seconds=60,
    description="Choose the pairs of a selection again when a round that it takes is complete: "
    "when every city has its labelled scenes.",
)
def round_complete(
    context: dg.SensorEvaluationContext, selection_files: Selections
) -> dg.SensorResult | dg.SkipReason:
    """One run for each registered selection whose complete rounds are others than at last."""
    complete = complete_rounds(context.instance)
    asked = _cursor_of(context)
    wanted: dict[str, str] = {}
    for name in context.instance.get_dynamic_partitions(str(selections.name)):
        chosen = _rounds_of(name, selection_files, complete, context)
        if chosen:
            wanted[name] = recipe_of({"rounds": sorted(chosen)})[:16]
    return _ask(wanted, asked, {}, nothing="no round was completed since the last request")


def complete_rounds(instance: dg.DagsterInstance) -> set[str]:
    """Rounds with labelled scenes of every registered city."""
    done = instance.get_materialized_partitions(dg.AssetKey(LABELLED))
    known = instance.get_dynamic_partitions(str(cities.name))
    return {
        key
        for key in instance.get_dynamic_partitions(str(rounds.name))
        if known and all(ScenePartition(round=key, city=city).key in done for city in known)
    }


def _rounds_of(
    name: str, files: Selections, complete: Set[str], context: dg.SensorEvaluationContext
) -> Set[str]:
    """Complete rounds that a selection takes; none, and a line in the log, if it is wrong."""
    try:
        wanted = files.read(name).rounds
    except ValueError as error:
        context.log.warning(str(error))
        return frozenset()
    return complete if wanted == "all" else complete & set(wanted)


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
    return dg.RunRequest(run_key=recipe_of(seen)[:16])


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
        if context.cursor is None:
            return dg.SensorResult(
                skip_reason=f"from now on changes of {len(found)} training sets are trained on",
                cursor=json.dumps(found, sort_keys=True),
            )
        try:
            config = read_run_config(settings.train_config)
        except ValueError as error:
            return dg.SkipReason(str(error))
        return _ask(found, _cursor_of(context), config, nothing="no training set changed")

    return training_set_changed


def trained_versions(instance: dg.DagsterInstance) -> dict[str, str]:
    """Data version of the training set of each selection whose last run passed its checks."""
    found: dict[str, str] = {}
    for name in instance.get_dynamic_partitions(str(selections.name)):
        wanted = dg.AssetRecordsFilter(dg.AssetKey(TRAINING_SET), asset_partitions=[name])
        records = instance.fetch_materializations(wanted, limit=1).records
        event = records[0].event_log_entry.asset_materialization if records else None
        if event is not None and _is_done(instance, records[0].run_id):
            found[name] = (event.tags or {}).get(_VERSION_TAG, "")
    return found


def _is_done(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a run ended well; an event that was reported without a run counts as such."""
    run = instance.get_run_by_id(run_id)
    return run is None or run.is_success


def _ask(
    wanted: Mapping[str, str], asked: Cursor, config: Mapping[str, object], *, nothing: str
) -> dg.SensorResult | dg.SkipReason:
    """A run for each selection whose digest is another than at the last request."""
    due = [name for name in sorted(wanted) if wanted[name] != asked.get(name)][:MAX_REQUESTS]
    if not due:
        return dg.SkipReason(nothing)
    requests = [
        dg.RunRequest(run_key=f"{name}:{wanted[name]}", partition_key=name, run_config=config)
        for name in due
    ]
    cursor = {**asked, **{name: wanted[name] for name in due}}
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(cursor, sort_keys=True))


def _cursor_of(context: dg.SensorEvaluationContext) -> dict[str, str]:
    return dict(json.loads(context.cursor)) if context.cursor else {}
