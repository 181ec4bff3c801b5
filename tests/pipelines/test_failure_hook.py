"""A failed run is told to the hook that the settings name: what failed, where, and a link."""

import sys

import dagster as dg
import pytest

from pipelines.failure_hook import RunFailure, find_hook, log_failure
from pipelines.failure_sensor import failure_sensor
from pipelines.settings import Settings, read_settings

HOOK = """
told = []
number = 3

def remember(failure):
    told.append(failure)
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "lab_alerts.py").write_text(HOOK)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("lab_alerts", None)


@dg.op
def crash():
    raise ValueError("a.png: need a label, got none")


@dg.job
def crashing():
    crash()


@pytest.fixture
def fail():
    """Let a run fail and give it to the sensor."""

    def fail(hook):
        with dg.DagsterInstance.ephemeral() as instance:
            ran = crashing.execute_in_process(
                instance=instance, raise_on_error=False, tags={"dagster/partition": "oslo|round-1"}
            )
            context = dg.build_run_status_sensor_context(
                sensor_name="report_failures",
                dagster_instance=instance,
                dagster_run=ran.dagster_run,
                dagster_event=ran.get_run_failure_event(),
            ).for_run_failure()
            failure_sensor(Settings(failure_hook=hook, ui_url="https://lab.example/"))(context)
        return ran.run_id

    return fail


def test_the_hook_is_told_what_failed(lab, fail):
    run_id = fail("lab_alerts:remember")
    (told,) = sys.modules["lab_alerts"].told
    assert told == RunFailure(
        job="crashing",
        run_id=run_id,
        partition="oslo|round-1",
        error="crash: ValueError: a.png: need a label, got none",
        link=f"https://lab.example/runs/{run_id}",
    )


def test_without_a_hook_the_log_is_told(fail, caplog):
    fail("")
    (record,) = [row for row in caplog.records if row.name == "pipelines.failure_hook"]
    assert "crashing, partition oslo|round-1 failed: crash: ValueError: a.png" in record.message
    assert find_hook("") is log_failure


@pytest.mark.parametrize("name", ["nowhere.here:f", "lab_alerts:gone", "lab_alerts:number"])
def test_a_name_that_leads_nowhere_is_one_line(lab, name):
    with pytest.raises(ValueError, match=f"MULTISHIFT_FAILURE_HOOK: need .*{name}") as error:
        find_hook(name)
    assert "\n" not in str(error.value)


def test_a_name_of_another_form_is_refused_with_the_settings(monkeypatch):
    monkeypatch.setenv("MULTISHIFT_FAILURE_HOOK", "os.system('x')")
    read_settings.cache_clear()
    with pytest.raises(ValueError, match=r"MULTISHIFT_FAILURE_HOOK: .*module:function"):
        read_settings()
    read_settings.cache_clear()


@pytest.mark.parametrize(("hook", "status"), [("", "STOPPED"), ("lab.alerts:post", "RUNNING")])
def test_a_hook_that_is_named_is_on(hook, status):
    assert failure_sensor(Settings(failure_hook=hook)).default_status.value == status
