"""What the soak asks of the webserver, as the UI does."""

import json
import urllib.error
import urllib.request
from typing import Any

from benchmarks.soak.place import ROUND_CONFIG

LOCATION, REPOSITORY = "multishift", "__repository__"
TIMEOUT_S = 20.0

_SCHEDULE = """mutation($selector: ScheduleSelector!) { startSchedule(scheduleSelector: $selector) {
  __typename ... on ScheduleStateResult { scheduleState { status } } } }"""
_STOP = """mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }"""
_SCHEDULE_ID = """query($selector: ScheduleSelector!) {
  scheduleOrError(scheduleSelector: $selector) {
    ... on Schedule { scheduleState { id status } } } }"""
_SENSOR = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
  __typename } }"""
_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } } }"""


class NoAnswerError(RuntimeError):
    """The webserver did not answer, or answered with an error."""


def ask(address: str, query: str, **variables: Any) -> dict[str, Any]:
    """Data of a GraphQL answer.

    Raises:
        NoAnswerError: if there is none.
    """
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"{address}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            found = json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
        raise NoAnswerError(str(error)) from error
    if found.get("errors"):
        raise NoAnswerError(str(found["errors"][0].get("message")))
    return dict(found["data"])


def start_schedule(address: str, name: str) -> None:
    """Switch a schedule on.

    Raises:
        NoAnswerError: if it cannot be.
    """
    found = ask(address, _SCHEDULE, selector=_of_repository("scheduleName", name))
    if found["startSchedule"]["__typename"] != "ScheduleStateResult":
        raise NoAnswerError(f"the schedule {name} did not start: {found}")


def stop_schedule(address: str, name: str) -> None:
    """Switch a schedule off.

    Raises:
        NoAnswerError: if it cannot be.
    """
    selector = _of_repository("scheduleName", name)
    found = ask(address, _SCHEDULE_ID, selector=selector)["scheduleOrError"]
    if "scheduleState" not in found:
        raise NoAnswerError(f"the schedule {name} was not found: {found}")
    stopped = ask(address, _STOP, id=found["scheduleState"]["id"])["stopRunningSchedule"]
    if stopped["__typename"] != "ScheduleStateResult":
        raise NoAnswerError(f"the schedule {name} did not stop: {stopped}")


def start_sensor(address: str, name: str) -> None:
    """Switch a sensor on.

    Raises:
        NoAnswerError: if it cannot be.
    """
    found = ask(address, _SENSOR, selector=_of_repository("sensorName", name))["startSensor"]
    if found["__typename"] != "Sensor":
        raise NoAnswerError(f"the sensor {name} did not start: {found}")


def launch(address: str, job: str, *, city: str, round_key: str) -> str:
    """Id of a new run of a job for one partition of generation.

    Raises:
        NoAnswerError: if it was not launched.
    """
    tags = {
        "dagster/partition": f"{city}|{round_key}",
        "dagster/partition/city": city,
        "dagster/partition/round": round_key,
    }
    params = {
        "selector": _of_repository("jobName", job),
        "mode": "default",
        "runConfigData": json.dumps(ROUND_CONFIG),
        "executionMetadata": {"tags": [{"key": key, "value": tags[key]} for key in tags]},
    }
    found = ask(address, _LAUNCH, params=params)["launchRun"]
    if found["__typename"] != "LaunchRunSuccess":
        raise NoAnswerError(f"{job} of {city}, {round_key} was not launched: {found}")
    return str(found["run"]["runId"])


def _of_repository(kind: str, name: str) -> dict[str, str]:
    return {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY, kind: name}
