"""What happens by the clock: a new round every week, a look at the data every day.

Both are stopped until somebody switches them on, in the UI or by
`dagster schedule start` (docs/operate.md).
"""

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets.object_bank.bank import ASSET as BANK
from assets.partitions import ScenePartition, open_round, train_cities
from assets.passing import may_pass
from assets.resources import DataRoot, ManifestStore
from pipelines.jobs import generate, observe_data
from pipelines.round_keys import round_key
from pipelines.run_configs import read_run_config
from pipelines.settings import Settings
from storage.atomic import StoreRefusedError

# Dagster's own tags of a partition with two dimensions; every tick would warn of them.
warnings.filterwarnings("ignore", message=".*Non-compliant tag keys.*dagster/partition")

ROUND_TAG = "multishift/round"
"""Tag of the runs of a scheduled round."""


def build_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The schedules, at the times that the settings give."""
    return [_weekly_round(settings), _daily_observation(settings)]


def _daily_observation(settings: Settings) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="daily_observation",
        job=observe_data,
        cron_schedule=settings.observation_cron,
        execution_timezone=settings.timezone,
        description="Look at every data set, so that what changed marks what it makes stale.",
    )


def _weekly_round(settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        job=generate,
        cron_schedule=settings.round_cron,
        execution_timezone=settings.timezone,
        description="Open a new round, hence new seeds and prompts, and generate every city of it.",
    )
    def weekly_round(
        context: dg.ScheduleEvaluationContext, data: DataRoot, store: ManifestStore
    ) -> dg.SkipReason | list[dg.RunRequest]:
        key = round_key(settings.round_cron, context.scheduled_execution_time)
        try:
            _refuse_without_bank(store)
            requests = _requests(key, data, read_run_config(settings.round_config))
            open_round(context.instance, data.folder, key)
            return requests
        except (ValueError, OSError, StoreRefusedError) as error:
            if may_pass(error):  # the tick fails, and is tried again
                raise
            return dg.SkipReason(f"{key} is not opened: {error}")

    return weekly_round


def _refuse_without_bank(store: ManifestStore) -> None:
    opened = store.open()
    if opened.manifests.latest(BANK) is None:
        raise ValueError(
            f"{opened.root}: need a bank of objects, got none; run the job build_bank first"
        )


def _requests(key: str, data: DataRoot, config: Mapping[str, Any]) -> list[dg.RunRequest]:
    """One run a city; the run keys keep a tick that is evaluated again from running twice."""
    parts = [ScenePartition(round=key, city=city) for city in train_cities(data.folder)]
    return [
        dg.RunRequest(
            run_key=part.key, partition_key=part.key, run_config=config, tags={ROUND_TAG: key}
        )
        for part in parts
    ]
