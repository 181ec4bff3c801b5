"""The engine with real worker processes: nothing is lost, nothing hangs, nothing stays behind."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import dagster as dg
import engine_items
import psutil
import pytest

from assets.engine.outcome import EngineError, quarantined
from assets.engine.resource import Engine

PROCESSES = Engine(mode="processes", n_workers=2, start_timeout_s=40)

TROUBLE = [
    "bad file", "raises", "memory", "exits", "none", ("looks", "like", "a", "task"), "plain",
]  # fmt: skip


def by_key(outcomes):
    return {outcome.key: outcome for outcome in outcomes}


def reasons(outcomes):
    return {outcome.key: outcome.error.kind for outcome in outcomes if outcome.error}


def worker_processes():
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


@contextmanager
def stock_cluster(n_workers):
    """A cluster as a user would start it, with Dask's own settings."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}),
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def cluster():
    """Two workers that stay for all tests."""
    with stock_cluster(2) as running:
        yield running


@pytest.fixture
def at_address(cluster):
    return Engine(
        mode="cluster", address=cluster.scheduler_address, item_timeout_s=30, start_timeout_s=40
    )


@pytest.fixture
def no_workers_left():
    """The same worker processes after the test as before it."""
    before = {process.pid for process in worker_processes()}
    yield
    assert {process.pid for process in worker_processes()} == before


def test_inline_keeps_the_order():
    outcomes = list(Engine().map(engine_items.square, range(5), key=str))
    assert [(o.key, o.item, o.value, o.error) for o in outcomes] == [
        (str(i), i, i * i, None) for i in range(5)
    ]


def test_every_item_gives_one_outcome(at_address):
    outcomes = list(at_address.map(engine_items.square, range(100), key=str))
    assert len(outcomes) == 100
    assert {o.key: o.value for o in outcomes} == {str(i): i * i for i in range(100)}


def test_outcomes_do_not_depend_on_the_place(at_address, no_workers_left):
    inline = by_key(Engine().map(engine_items.describe, TROUBLE, key=str))
    assert by_key(PROCESSES.map(engine_items.describe, TROUBLE, key=str)) == inline
    assert by_key(at_address.map(engine_items.describe, TROUBLE, key=str)) == inline
    assert reasons(inline.values()) == {
        "bad file": "bad_input", "raises": "failed", "memory": "failed", "exits": "failed",
    }  # fmt: skip


def test_items_run_side_by_side(at_address):
    values = [o.value for o in at_address.map(engine_items.slow, range(8), key=str)]
    assert len({pid for pid, _ in values}) == 2
    assert os.getpid() not in {pid for pid, _ in values}


def test_what_cannot_travel_is_an_error_of_its_item(at_address):
    items = [engine_items.Stubborn(), lambda: 1, 3]
    outcomes = by_key(at_address.map(engine_items.square, items, key=lambda i: type(i).__name__))
    assert outcomes["int"].value == 9
    assert "worker cannot unpickle the item" in outcomes["Stubborn"].error.reason
    assert "cannot be pickled" in outcomes["function"].error.reason
    (outcome,) = at_address.map(engine_items.unpicklable_value, ["a"], key=str)
    assert "its value cannot be pickled" in outcome.error.reason


def test_item_whose_worker_is_killed_once_succeeds(at_address, tmp_path):
    function = partial(engine_items.die_once, marker=str(tmp_path / "marker"))
    outcomes = by_key(at_address.map(function, ["a", "once", "b", "c"], key=str))
    assert {key: o.value for key, o in outcomes.items()} == {
        "a": "a", "once": "second run", "b": "b", "c": "c",
    }  # fmt: skip


def test_item_that_always_kills_is_poisoned_and_nothing_else(no_workers_left):
    items = ["a", "poison", *"bcdefgh"]
    outcomes = by_key(PROCESSES.map(engine_items.die_if_poison, items, key=str))
    assert reasons(outcomes.values()) == {"poison": "poisoned"}
    assert {o.value for o in outcomes.values() if not o.error} == {
        f"{letter} is fine" for letter in "abcdefgh"
    }
    assert "127.0.0.1" not in outcomes["poison"].error.reason


@pytest.mark.slow
def test_much_poison_wears_nothing_out(no_workers_left):
    """More deaths than `lost-worker-timeout` of a stock LocalCluster survives."""
    items = [(i, "poison" if i % 2 else "plain") for i in range(24)]
    outcomes = by_key(PROCESSES.map(engine_items.die_if_numbered_poison, items, key=str))
    assert reasons(outcomes.values()) == {
        str(item): "poisoned" for item in items if item[1] == "poison"
    }
    assert len(outcomes) == len(items)


def test_hanging_item_fails_and_the_rest_goes_on(at_address):
    hasty = at_address.model_copy(update={"item_timeout_s": 1.0})
    outcomes = by_key(hasty.map(engine_items.hang_if_told, ["a", "hang", *"bcdef"], key=str))
    assert reasons(outcomes.values()) == {"hang": "failed"}
    assert "did not finish within 1 s" in outcomes["hang"].error.reason
    assert len(outcomes) == 7


def test_slow_reader_is_no_hanging_item(at_address):
    hasty = at_address.model_copy(update={"item_timeout_s": 0.5})
    read = []
    for outcome in hasty.map(engine_items.slow, range(8), key=str):
        time.sleep(1.5 if not read else 0)
        read.append(outcome)
    assert reasons(read) == {}
    assert len(read) == 8


@pytest.mark.parametrize("mode", ["processes", "cluster"])
def test_code_that_workers_cannot_import_is_told_at_once(tmp_path, at_address, mode):
    """The trap of a code location that is importable in Dagster's process alone."""
    file = tmp_path / "only_here.py"
    file.write_text("def f(item):\n    return item\n")
    spec = importlib.util.spec_from_file_location("only_here", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["only_here"] = module
    spec.loader.exec_module(module)
    engine = PROCESSES if mode == "processes" else at_address
    try:
        began = time.monotonic()
        with pytest.raises(EngineError, match=r"cannot import 'only_here'.*install multishift"):
            list(engine.map(module.f, range(5), key=str))
        assert time.monotonic() - began < 20
    finally:
        del sys.modules["only_here"]


def test_busy_cluster_is_no_dead_cluster(at_address):
    """Another step's long items neither fail the check of the workers nor count as ours."""
    hasty = at_address.model_copy(update={"start_timeout_s": 10.0})
    other = at_address.map(engine_items.slow, range(60), key=str)
    next(other)
    assert len(list(hasty.map(engine_items.square, range(5), key=str))) == 5
    other.close()


def test_nobody_at_the_address():
    engine = Engine(mode="cluster", address="tcp://127.0.0.1:9", start_timeout_s=1)
    with pytest.raises(EngineError, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        list(engine.map(engine_items.square, [1], key=str))
    with pytest.raises(ValueError, match="need the engine's address"):
        list(Engine(mode="cluster").map(engine_items.square, [1], key=str))


def test_scheduler_without_workers():
    with stock_cluster(0) as empty:
        engine = Engine(mode="cluster", address=empty.scheduler_address, start_timeout_s=1)
        with pytest.raises(EngineError, match="need 1 workers, got 0 within 1 s"):
            list(engine.map(engine_items.square, [1], key=str))


@pytest.mark.parametrize("what", ["workers", "scheduler"])
def test_cluster_that_goes_away_is_an_error_soon(what):
    with stock_cluster(1) as leaving:
        engine = Engine(mode="cluster", address=leaving.scheduler_address, start_timeout_s=3)
        outcomes = engine.map(engine_items.slow, range(500), key=str)
        assert next(outcomes).error is None
        if what == "workers":
            leaving.scale(0)
        else:
            leaving.close()
        began = time.monotonic()
        with pytest.raises(EngineError, match=r"no worker for 3 s|lost the connection"):
            list(outcomes)
        assert time.monotonic() - began < 20


def test_abandoned_iterator_stops_its_workers(no_workers_left):
    outcomes = PROCESSES.map(engine_items.slow, range(50), key=str)
    assert next(outcomes).error is None
    assert len(worker_processes()) >= 2
    for process in [psutil.Process(), *worker_processes()]:
        listening = [c.laddr.ip for c in process.net_connections() if c.status == "LISTEN"]
        assert set(listening) <= {"127.0.0.1"}
    del outcomes


@dg.asset
def rows(context: dg.AssetExecutionContext, engine: Engine) -> dg.MaterializeResult:
    """Keep what failed as rows, the way a stage does."""
    outcomes = list(
        engine.map(engine_items.describe, TROUBLE, key=str, log=context.log, label="trouble")
    )
    bad = [quarantined(outcome) for outcome in outcomes if outcome.error]
    return dg.MaterializeResult(metadata={"items": len(outcomes), "bad": len(bad)})


@pytest.mark.parametrize("mode", ["inline", "cluster"])
def test_asset_with_the_resource(at_address, mode):
    with dg.DagsterInstance.ephemeral() as instance:
        ran = dg.materialize(
            [rows],
            instance=instance,
            resources={"engine": Engine.configure_at_launch()},
            run_config={
                "resources": {"engine": {"config": {"mode": mode, "address": at_address.address}}}
            },
        )
        lines = [
            record.user_message
            for record in instance.all_logs(ran.run_id)
            if record.user_message.startswith("trouble: ")
        ]
    metadata = ran.asset_materializations_for_node("rows")[0].metadata
    assert (metadata["items"].value, metadata["bad"].value) == (7, 4)
    assert len(lines) == 2
    assert "7/7 (100 %)" in lines[-1]


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="'inline', 'processes' or 'cluster'"):
        Engine(mode="threads")


def test_asset_that_fails_in_its_loop_leaves_no_workers():
    """The traceback holds the iterator; the teardown of the resource ends it all the same."""

    @dg.asset
    def gives_up(engine: Engine) -> dg.MaterializeResult:
        outcomes = engine.map(engine_items.square, range(100), key=str)
        for outcome in outcomes:
            raise RuntimeError(f"enough after {outcome.key}")
        return dg.MaterializeResult()

    before = {process.pid for process in worker_processes()}
    with pytest.raises(RuntimeError, match="enough after") as caught:
        dg.materialize([gives_up], resources={"engine": PROCESSES})
    assert {process.pid for process in worker_processes()} == before
    assert caught.value.__traceback__ is not None


@pytest.mark.parametrize("signals", ["terminal", pytest.param("dagster", marks=pytest.mark.slow)])
def test_interrupted_run_leaves_nothing(signals):
    """Control-C reaches the whole process group; Dagster's own stop only the run."""
    run = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("interrupted_run.py"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        first = run.stdout.readline().split()
        assert first[0] == "workers"
        assert len(first) >= 2
        if signals == "terminal":
            os.killpg(run.pid, signal.SIGINT)
        else:
            os.kill(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=40)
        assert "DagsterExecutionInterruptedError" in errors or "KeyboardInterrupt" in errors
        assert run.returncode != 0
        _, alive = psutil.wait_procs(
            [psutil.Process(int(pid)) for pid in first[1:] if psutil.pid_exists(int(pid))], 10
        )
        assert alive == []
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
