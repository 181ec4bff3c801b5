"""The sensor that tells the hook of failed runs."""

import dagster as dg

from pipelines.commands.run_failures import failure_lines
from pipelines.failure_hook import RunFailure, find_hook
from pipelines.settings import Settings

_MAX_ERROR = 2000
_TOLD_BY = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.ASSET_CHECK_EVALUATION}


def failure_sensor(settings: Settings) -> dg.SensorDefinition:
    """Tells the hook of every failed run; on from the start where a hook is named."""
    is_wanted = bool(settings.failure_hook)
    status = dg.DefaultSensorStatus.RUNNING if is_wanted else dg.DefaultSensorStatus.STOPPED

    @dg.run_failure_sensor(
        name="report_failures",
        description=f"Tell {settings.failure_hook or 'the log'} of every run that failed.",
        default_status=status,
    )
    def report_failures(context: dg.RunFailureSensorContext) -> None:
        find_hook(settings.failure_hook)(failure_of(context, settings.ui_url))

    return report_failures


def failure_of(context: dg.RunFailureSensorContext, ui_url: str) -> RunFailure:
    """What is told of the run that a sensor looks at."""
    run = context.dagster_run
    logs = context.instance.all_logs(run.run_id, of_type=_TOLD_BY)
    events = [entry.dagster_event for entry in logs if entry.dagster_event is not None]
    told = "\n".join(failure_lines(events)) or str(context.failure_event.message)
    return RunFailure(
        job=run.job_name,
        run_id=run.run_id,
        partition=run.tags.get("dagster/partition"),
        error=told[:_MAX_ERROR],
        link=f"{ui_url.rstrip('/')}/runs/{run.run_id}",
    )
