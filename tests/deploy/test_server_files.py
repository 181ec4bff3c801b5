"""The files of a GPU server are what systemd, Dagster and Dask take, and open nothing to others."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "deploy" / "server"
INSTALLED = "/opt/multishift/.venv/bin/"
UNITS = sorted(SERVER.glob("*.service"))


def read_unit(path):
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read(path)
    return parser


def read_environment():
    lines = (SERVER / "multishift.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def command_of(name, environment=None):
    line = read_unit(SERVER / f"multishift-{name}.service")["Service"]["ExecStart"]
    words = [word.replace("%i", "0") for word in shlex.split(line)]
    values = {**read_environment(), **(environment or {})}
    return [re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], word) for word in words]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_run_what_is_installed_as_a_user_of_its_own(path):
    service = read_unit(path)["Service"]
    assert service["User"] == "multishift"
    assert service["EnvironmentFile"] == "/etc/multishift/multishift.env"
    assert service["Restart"] == "always"
    assert service["NoNewPrivileges"] == "true"
    program = shlex.split(service["ExecStart"])[0]
    assert program.startswith(INSTALLED)
    assert (Path(sys.executable).parent / program.removeprefix(INSTALLED)).exists()
    assert "0.0.0.0" not in service["ExecStart"]


def test_the_target_wants_every_unit_but_the_workers():
    wanted = read_unit(SERVER / "multishift.target")["Unit"]["Wants"].split()
    assert sorted(wanted) == [path.name for path in UNITS if "@" not in path.name]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_them(tmp_path):
    """Where the programs lie and who runs them is no concern of this machine."""
    for path in [*UNITS, SERVER / "multishift.target"]:
        text = path.read_text().replace(INSTALLED, f"{Path(sys.executable).parent}/")
        (tmp_path / path.name.replace("@.", "@0.")).write_text(text)
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    ours = [line for line in said.stderr.splitlines() if "multishift" in line]
    assert ours == []


def test_the_database_is_named_with_the_driver_that_is_installed():
    from sqlalchemy import make_url

    url = make_url(read_environment()["DAGSTER_POSTGRES_URL"])
    assert (url.get_dialect().driver, url.host) == ("psycopg2", "127.0.0.1")


def test_every_setting_of_the_environment_exists():
    known = {f"MULTISHIFT_{name.upper()}" for name in Settings.model_fields}
    ours = {name for name in read_environment() if name.startswith("MULTISHIFT_")}
    assert ours <= known


def test_web_pages_ask_for_a_password_and_viewers_change_nothing():
    text = (SERVER / "nginx.conf").read_text()
    servers = text.split("\nserver {")[2:]
    assert len(servers) == 2
    for server in servers:
        assert " ssl;" in server
        assert re.search(r"^    auth_basic_user_file /", server, re.M)
    ports = [re.search(r"proxy_pass +http://127\.0\.0\.1:(\d+);", server)[1] for server in servers]
    for port, name in zip(ports, ("webserver", "viewers"), strict=True):
        command = command_of(name)
        assert command[command.index("--port") + 1] == port
        assert ("--read-only" in command) is (name == "viewers")
    assert text.count("{") == text.count("}")


def test_webserver_and_daemon_find_the_code_server():
    workspace = yaml.safe_load((SERVER / "workspace.yaml").read_text())
    (location,) = workspace["load_from"]
    command = command_of("code")
    assert location["grpc_server"]["host"] == command[command.index("--host") + 1] == "127.0.0.1"
    assert str(location["grpc_server"]["port"]) == command[command.index("--port") + 1]


def test_dagster_takes_the_instance_and_it_holds_no_password(monkeypatch, tmp_path):
    from dagster._core.instance.config import dagster_instance_config

    shutil.copy(ROOT / "deploy" / "postgres" / "dagster.yaml", tmp_path)
    dagster_instance_config(str(tmp_path))
    config = yaml.safe_load((tmp_path / "dagster.yaml").read_text())
    checkout = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    assert config["storage"] == {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}
    assert config["telemetry"] == {"enabled": False}
    for part in ("concurrency", "run_monitoring", "run_retries"):
        assert config[part] == checkout[part]


@pytest.mark.slow
def test_scheduler_and_worker_start_and_items_run_there(tmp_path):
    """The commands of the units, with certificates made as docs/deploy.md says."""
    from assets.engine.resource import Engine

    cert, key = tmp_path / "cluster.pem", tmp_path / "cluster.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=multishift"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = {
        "MULTISHIFT_ENGINE_ADDRESS": f"tls://127.0.0.1:{port}",
        "MULTISHIFT_ENGINE_TLS_CA": str(cert),
        "MULTISHIFT_ENGINE_TLS_CERT": str(cert),
        "MULTISHIFT_ENGINE_TLS_KEY": str(key),
    }
    running = []
    try:
        for name in ("scheduler", "worker@"):
            command = [
                word.replace(INSTALLED, f"{Path(sys.executable).parent}/")
                for word in command_of(name, here)
            ]
            command = [
                {"8786": str(port), "127.0.0.1:8787": "127.0.0.1:0"}.get(w, w) for w in command
            ]
            running.append(
                subprocess.Popen(
                    command,
                    env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "0"},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            time.sleep(5)
        engine = Engine(
            mode="cluster",
            address=here["MULTISHIFT_ENGINE_ADDRESS"],
            tls_ca=str(cert),
            tls_cert=str(cert),
            tls_key=str(key),
        )
        outcomes = engine.map(abs, [-1, 2], key=str, resources={"GPU": 1})
        assert sorted(outcome.value for outcome in outcomes) == [1, 2]
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(30)
