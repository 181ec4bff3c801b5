"""The soak's own judgement: faults come about or it says so, and what is left is looked at."""

import random
import threading
import time
from dataclasses import fields, replace
from types import SimpleNamespace

import dagster as dg
import pytest

from assets.partitions import cities, rounds
from benchmarks.soak import __main__ as soak
from benchmarks.soak import faults, graphql, verdict
from benchmarks.soak.faults import FAULTS, Injected, Injector, lacking, planned
from benchmarks.soak.place import Place
from benchmarks.soak.watching import WARM_S, Look, memory_of
from storage.store import open_store

SOUND = {
    "rounds": 20,
    "rounds_wanted": 20,
    "faults_not_done": {},
    "verdict": {"is_sound": True},
    "compared": 4,
    "differing": [],
    "memory": [{"kind": kind, "is_flat": True} for kind in soak.SERVERS],
}

NOTHING_WRONG = verdict.Verdict(
    n_partitions=2, n_scenes=4, runs={"SUCCESS": 2}, incomplete=[], missing_rows=[],
    repeated_rows=[], missing_blobs=[], orphan_blobs=[], unfinished_files=[], held_slots={},
    unfinished_runs=[],
)  # fmt: skip


def test_each_fault_is_planned_as_often_as_wanted():
    kinds = planned(3, random.Random(0))
    assert sorted(kinds) == sorted([*FAULTS] * 3)
    assert kinds == planned(3, random.Random(0)) != planned(3, random.Random(1))


def test_faults_that_were_not_done_are_counted():
    done = [Injected(1.0, "run killed", ""), Injected(2.0, "disk full", "")]
    assert lacking(done, 1) == dict.fromkeys(FAULTS.keys() - {"run killed", "disk full"}, 1)
    assert lacking(done, 3)["disk full"] == 2
    assert lacking([Injected(0.0, kind, "") for kind in FAULTS], 1) == {}


@pytest.fixture
def injector(monkeypatch):
    """An injector whose faults are these, one of each and without pauses."""

    def build(**kinds):
        monkeypatch.setattr(faults, "FAULTS", kinds)
        monkeypatch.setattr(faults, "AGAIN_S", 0.01)
        return Injector(None, times=2, over_s=0.01, seed=0)

    return build


def test_all_faults_are_done_and_told(injector, capsys):
    doing = injector(one=lambda *_: "hit", other=lambda *_: "hit, too")
    doing.start()
    doing.stop(longest_s=10)
    assert lacking(doing.done, 2) == {}
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_faults_that_find_nothing_end_soon_and_nothing_is_harmed_afterwards(injector):
    tried = []
    doing = injector(one=lambda *_: tried.append(1))
    doing.start()
    began = time.monotonic()
    doing.stop(longest_s=0.2)
    assert time.monotonic() - began < 5
    assert not doing.is_alive()
    assert tried
    assert lacking(doing.done, 2) == {"one": 2}


def test_a_fault_that_does_not_end_is_an_error(injector, monkeypatch):
    monkeypatch.setattr(faults, "LAST_S", 0.1)
    is_over = threading.Event()
    doing = injector(one=lambda *_: is_over.wait(20))
    doing.start()
    with pytest.raises(RuntimeError, match=r"did not end within 0\.1 s"):
        doing.stop(longest_s=0.1)
    is_over.set()
    doing.join(10)


def test_a_sound_soak_is_nothing_wrong():
    assert soak.wrongs_of(SOUND) == []


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"rounds": 19}, ["too few rounds"]),
        ({"faults_not_done": {"disk full": 1}}, ["too few faults"]),
        ({"verdict": {"is_sound": False}}, ["store or instance"]),
        ({"compared": 0}, ["nothing compared"]),
        ({"differing": ["oslo|round-1"]}, ["other rows"]),
        ({"memory": SOUND["memory"][1:]}, ["memory not measured"]),
        ({"memory": [{**one, "is_flat": False} for one in SOUND["memory"]]}, ["memory grows"]),
    ],
)
def test_everything_that_is_wrong_is_named(change, wrong):
    assert soak.wrongs_of({**SOUND, **change}) == wrong


def test_whatever_is_left_is_unsound():
    assert NOTHING_WRONG.is_sound
    assert not replace(NOTHING_WRONG, n_partitions=0).is_sound
    for field in fields(verdict.Verdict):
        if field.name not in ("n_partitions", "n_scenes", "runs"):
            left = {"gpu": 1} if field.name == "held_slots" else ["something"]
            assert not replace(NOTHING_WRONG, **{field.name: left}).is_sound, field.name


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return folder


def test_partitions_that_were_never_made_are_incomplete(home, tmp_path):
    store = tmp_path / "store"
    open_store(store)
    assert not verdict.judge(home, store).is_sound
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.add_dynamic_partitions(str(rounds.name), ["round-1"])
        instance.add_dynamic_partitions(str(cities.name), ["oslo", "rome"])
        made = dg.AssetMaterialization("scene_requests", partition="oslo|round-1")
        instance.report_runless_asset_event(made)
    found = verdict.judge(home, store)
    assert found.n_partitions == 2
    assert "scene_requests/rome|round-1" in found.incomplete
    assert len(found.incomplete) == 2 * len(verdict.STAGES) - 1
    assert not found.is_sound


def test_rows_are_missed_and_counted():
    scene = SimpleNamespace
    asked = [scene(frame_id="a", variant=n, reason=None) for n in (0, 1)]
    refused = scene(frame_id="b", variant=0, reason="no room")
    rows = {
        "scene_requests": [*asked, refused],
        "scene_attempts": asked[:1],
        "labelled_scenes": [scene(round="round-1", frame_id="a", variant=0)] * 2,
    }

    def read_records(_, table, *__, **___):
        return rows[table]

    store = scene(manifests=scene(read_records=read_records))
    assert verdict._missing_rows(store, "oslo|round-1") == ["oslo|round-1/a/1"]
    assert verdict._repeated_rows(store, "oslo|round-1") == ["round-1/a/0"]


def looks(*sizes, pid=1, step_s=WARM_S / 4):
    return [Look(number * step_s, "daemon", pid, size) for number, size in enumerate(sizes)]


def test_memory_is_that_of_the_longest_life_once_warm():
    short, long = looks(500, 900, pid=2), looks(10, 20, 50, 90, *[100] * 10, *[111] * 5)
    found = memory_of([*short, *long], "daemon")
    assert (found.warm_mib, found.end_mib) == (100, 111)
    assert found.is_flat
    assert not replace(found, end_mib=1.10 * 100 + 17).is_flat
    assert memory_of(short, "daemon") is None
    assert memory_of(long, "webserver") is None


def test_waits_end(monkeypatch):
    monkeypatch.setattr(soak, "LOOK_S", 0.01)
    assert soak._wait(lambda: True, 10) < 1
    assert 0.1 <= soak._wait(lambda: False, 0.1) < 5
    monkeypatch.setattr(soak, "TICK_S", 0.0)

    def never():
        raise graphql.NoAnswerError("no")

    with pytest.raises(graphql.NoAnswerError):
        soak._insist(never)


@pytest.mark.parametrize(
    ("switch", "answer"),
    [
        (graphql.start_schedule, {"startSchedule": {"__typename": "PythonError"}}),
        (graphql.stop_schedule, {"scheduleOrError": {}}),
        (graphql.start_sensor, {"startSensor": {"__typename": "SensorNotFoundError"}}),
    ],
)
def test_a_switch_that_does_not_move_is_an_error(monkeypatch, switch, answer):
    monkeypatch.setattr(graphql, "ask", lambda *_, **__: answer)
    with pytest.raises(graphql.NoAnswerError, match="lost_runs"):
        switch("http://127.0.0.1:1", "lost_runs")


def test_a_command_that_hangs_ends(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("subprocess.run", lambda *_, **how: asked.append(how))
    Place(tmp_path, disk_mib=1, n_frames=1).run_job("observe_data")
    assert 0 < asked[0]["timeout"] <= 3600


@pytest.mark.parametrize("words", [["--times", "0"], ["--rounds", "0"], ["--compare", "0"]])
def test_a_soak_without_faults_is_refused(tmp_path, words, capsys):
    with pytest.raises(SystemExit):
        soak.main([str(tmp_path / "new"), *words])
    assert "need one round, fault of each kind" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_help_tells_the_faults(capsys):
    with pytest.raises(SystemExit):
        soak.main(["--help"])
    said = capsys.readouterr().out
    assert said.startswith("usage: python -m benchmarks.soak")
    assert "code server killed" in said
