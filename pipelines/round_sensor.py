"""The sensor that chooses pairs again when a round is complete, or when it was made anew."""

from collections.abc import Mapping, Sequence

import dagster as dg
from dagster import DagsterEventType
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from assets.labelling.labels import ASSET as LABELLED
from assets.partitions import ScenePartition, rounds, train_cities
from assets.recipes import recipe_of
from assets.resources import DataRoot
from assets.selecting.files import Selections
from assets.selecting.names import selections
from pipelines.asking import State, ask, asked_by
from pipelines.jobs import select_training_set

_VERSION_TAG = "dagster/data_version"
_ROUND_TAG = f"dagster/partition/{rounds.name}"


@dg.sensor(
    job=select_training_set,
    minimum_interval_seconds=60,
    description="Choose the pairs of a selection again when a round that it takes is complete "
    "(every city of the data has its labelled scenes), or has other scenes than at last.",
)
def round_complete(
    context: dg.SensorEvaluationContext, selection_files: Selections, data: DataRoot
) -> dg.SensorResult | dg.SkipReason:
    """One run for each registered selection whose complete rounds hold others than at last."""
    names = context.instance.get_dynamic_partitions(str(selections.name))
    try:
        complete = complete_rounds(context.instance, train_cities(data.folder)) if names else {}
    except (ValueError, FileNotFoundError) as error:
        return dg.SkipReason(str(error))
    busy = _busy_rounds(context.instance)
    wanted: dict[str, State] = {}
    for name in names:
        chosen = _rounds_of(name, selection_files, complete, context)
        if chosen and busy.isdisjoint(chosen):
            wanted[name] = _together(chosen)
    return ask(wanted, asked_by(context), {}, nothing="no round was completed since")


def complete_rounds(instance: dg.DagsterInstance, cities: Sequence[str]) -> dict[str, State]:
    """Rounds with labelled scenes of all these cities, and what was labelled."""
    asked = (dg.AssetKey(LABELLED), DagsterEventType.ASSET_MATERIALIZATION)
    log = instance.event_log_storage
    events = log.get_latest_storage_id_by_partition(*asked)
    tags = log.get_latest_tags_by_partition(*asked, [_VERSION_TAG])
    found = {}
    for name in instance.get_dynamic_partitions(str(rounds.name)):
        keys = [ScenePartition(round=name, city=city).key for city in cities]
        if all(key in events for key in keys):
            versions = {key: tags.get(key, {}).get(_VERSION_TAG, "") for key in keys}
            found[name] = State(recipe_of(versions), max(events[key] for key in keys))
    return found


def _together(states: Mapping[str, State]) -> State:
    digest = recipe_of({name: state.digest for name, state in states.items()})
    return State(digest[:16], max(state.event for state in states.values()))


def _busy_rounds(instance: dg.DagsterInstance) -> set[str]:
    """Rounds that runs still work on: they are waited for, city after city."""
    runs = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    return {run.tags[_ROUND_TAG] for run in runs if _ROUND_TAG in run.tags}


def _rounds_of(
    name: str,
    files: Selections,
    complete: Mapping[str, State],
    context: dg.SensorEvaluationContext,
) -> Mapping[str, State]:
    """Complete rounds that a selection takes; none, and a line in the log, if it is wrong."""
    try:
        wanted = files.read(name).rounds
    except ValueError as error:
        context.log.warning(str(error))
        return {}
    return {key: state for key, state in complete.items() if wanted == "all" or key in wanted}
