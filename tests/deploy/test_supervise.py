"""The small supervisor: what dies comes back, what is stopped leaves nothing."""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import psutil
import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMMAND = [sys.executable, str(DEPLOY / "supervise.py")]


def children(process):
    return psutil.Process(process.pid).children(recursive=True)


def wait_for(found, seconds=30):
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


@pytest.fixture
def running(tmp_path):
    """Two services, of which one has a child of its own."""
    services = tmp_path / "services.toml"
    script = "import subprocess; subprocess.run(['sleep', '599'])"
    services.write_text(
        f"[parent]\ncommand = {json.dumps(shlex.join(['python', '-c', script]))}\n"
        '[plain]\ncommand = "sleep 600"\n'
    )
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            [*COMMAND, str(services), "--grace-s", "5", "--logs", str(tmp_path / "logs")],
            stderr=said,
            # As a script starts it in the background: with SIGINT ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
    yield process
    if process.poll() is None:
        for child in children(process):
            child.kill()
        process.kill()
        process.wait()


def test_what_dies_comes_back_and_stopping_leaves_nothing(running, tmp_path):
    wait_for(lambda: len(children(running)) == 3)
    before = children(running)
    parent = next(p for p in before if "subprocess" in " ".join(p.cmdline()))
    grandchild = parent.children()[0]
    parent.kill()
    wait_for(lambda: not parent.is_running() and len(children(running)) == 3)
    assert grandchild.is_running(), "what it had started goes on"
    kept = {p.pid for p in before} & {p.pid for p in children(running)}
    assert kept == {p.pid for p in before} - {parent.pid, grandchild.pid}
    last = [*children(running), grandchild]
    running.terminate()
    assert running.wait(20) == 0
    _, alive = psutil.wait_procs(last, 5)
    assert alive == []
    said = (tmp_path / "said").read_text()
    assert "parent ended with status -9; again in 1 s" in said
    assert said.rstrip().endswith("stopping")
    assert (tmp_path / "logs" / "plain.log").exists()


def test_a_service_without_command_is_named(tmp_path):
    services = tmp_path / "services.toml"
    services.write_text("[web]\ncomand = 'x'\n")
    said = subprocess.run(
        [*COMMAND, str(services), "--logs", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert "need a command for 'web'" in said.stderr


def test_services_are_those_of_the_server():
    services = tomllib.loads((DEPLOY / "services.toml").read_text())
    for name, table in services.items():
        unit = (DEPLOY / "server" / f"multishift-{name}.service").read_text()
        there = shlex.split(re.search(r"^ExecStart=(.*)$", unit, re.M)[1])
        here = shlex.split(table["command"])
        assert here[0] == Path(there[0]).name
        for option in ("--host", "--port"):
            if option in there:
                assert here[here.index(option) + 1] == there[there.index(option) + 1]


@pytest.mark.slow
def test_dagsters_three_processes(tmp_path):
    """The real services on free ports; the code server is found again after it is killed."""
    ports = dict(zip(("4266", "3000"), free_ports(2), strict=True))
    for file in (DEPLOY / "services.toml", DEPLOY / "server" / "workspace.yaml"):
        text = file.read_text().replace(
            "deploy/server/workspace.yaml", f"{tmp_path}/workspace.yaml"
        )
        for port, free in ports.items():
            text = text.replace(port, free)
        (tmp_path / file.name).write_text(text)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    here = {**os.environ, "DAGSTER_HOME": str(tmp_path / "home")}
    first = [sys.executable, "-m", "dagster", "instance", "migrate"]
    subprocess.run(first, env=here, check=True, capture_output=True)
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            [*COMMAND, str(tmp_path / "services.toml"), "--logs", str(tmp_path / "logs")],
            cwd=DEPLOY.parent,
            env=here,
            stderr=said,
        )
    try:
        graphql = f"http://127.0.0.1:{ports['3000']}/graphql"
        wait_for(lambda: location_status(graphql) == "RepositoryLocation", 120)
        code = next(p for p in children(process) if "grpc" in p.cmdline())
        code.kill()
        wait_for(lambda: (tmp_path / "said").read_text().count("code runs as") == 2, 60)
        wait_for(lambda: location_status(graphql) == "RepositoryLocation", 120)
        assert len(children(process)) >= 3
    finally:
        last = children(process)
        process.terminate()
        assert process.wait(90) == 0
    _, alive = psutil.wait_procs(last, 10)
    assert alive == []


def free_ports(count):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in held]


def location_status(graphql):
    """What the webserver has of the code server; None while it does not answer."""
    query = (
        "{workspaceOrError {... on Workspace {locationEntries {locationOrLoadError {__typename}}}}}"
    )
    asked = urllib.request.Request(
        graphql, json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
    except (OSError, KeyError):
        return None
    return (entries[0]["locationOrLoadError"] or {}).get("__typename")
