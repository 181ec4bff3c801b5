"""Why a run failed, in lines for a terminal; the page of the run has the stack traces."""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

_CHECK_FAILED = "DagsterAssetCheckFailedError"
_INTERRUPTED = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
_WRAPPERS = ("DagsterExecutionStepExecutionError", "RetryRequestedFromPolicy")


def failure_lines(events: Sequence[dg.DagsterEvent]) -> Iterator[str]:
    """One line for each check that is not passed, and each step that failed of itself."""
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if not check.passed:
                problems = check.metadata.get("problems")
                told = "not passed" if problems is None else str(problems.value)
                yield f"{check.asset_key.to_user_string()}: check {check.check_name}: {told}"
    for step, cause in _causes(events):
        if cause.cls_name != _CHECK_FAILED:  # its checks are told already
            yield f"{step}: {_message(cause)}"


def is_interrupted(events: Sequence[dg.DagsterEvent]) -> bool:
    """Whether a step was stopped by Ctrl-C, which Dagster takes for a failure."""
    return any(cause.cls_name in _INTERRUPTED for _, cause in _causes(events))


def _causes(
    events: Sequence[dg.DagsterEvent],
) -> Iterator[tuple[str | None, SerializableErrorInfo]]:
    """Steps that failed, each with what it raised."""
    for event in events:
        if event.is_step_failure and (error := event.step_failure_data.error) is not None:
            yield (
                event.step_key,
                error.cause if error.cls_name in _WRAPPERS and error.cause else error,
            )


def _message(error: SerializableErrorInfo) -> str:
    """The error's own words, after the name of its class where that is more than `Failure`."""
    name, _, words = " ".join(error.message.split()).partition(": ")
    short = name.rpartition(".")[2]
    return words if short == dg.Failure.__name__ else f"{short}: {words}"
