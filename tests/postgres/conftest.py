"""A PostgreSQL server of the tests' own, thrown away afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assets.synthesis.conftest import tiny_set

__all__ = ["tiny_set"]

PASSWORD = "only-for-this-test"
OTHER_USERS = ("postgres", "nobody")
START_S = 60


def server_programs() -> Path:
    """Folder of `initdb` and `pg_ctl`, which few systems have on the search path."""
    told = shutil.which("pg_config")
    answer = told and subprocess.run([told, "--bindir"], capture_output=True, text=True, check=True)
    folder = Path(answer.stdout.strip()) if answer else Path(shutil.which("initdb") or "").parent
    if not (folder / "initdb").is_file():
        pytest.skip("needs a PostgreSQL server on this machine (initdb, pg_ctl)")
    return folder


def other_user() -> list[str]:
    """Words before a command of the server, which refuses to run as root."""
    if os.geteuid() != 0:
        return []
    users = Path("/etc/passwd").read_text().splitlines()
    known = {line.split(":")[0]: line.split(":")[2] for line in users}
    number = next((known[name] for name in OTHER_USERS if name in known), None)
    if number is None or shutil.which("setpriv") is None:
        pytest.skip("needs setpriv and another user than root to run PostgreSQL as")
    return ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of an empty database on a free port of this machine."""
    programs, user = server_programs(), other_user()
    folder = Path(tempfile.mkdtemp(prefix="multishift-postgres-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *words: str) -> None:
        # Output goes to a file: the server keeps it open, and a pipe would never end.
        with (folder / "log").open("ab") as log:
            command = [*user, str(programs / program), "-D", str(folder / "data"), *words]
            done = subprocess.run(command, stdout=log, stderr=log, cwd="/", timeout=120)
        assert done.returncode == 0, (folder / "log").read_text()

    try:
        (folder / "password").write_text(PASSWORD)
        if user:
            number = int(user[1].partition("=")[2])
            for path in (folder, folder / "password"):
                os.chown(path, number, number)
        words = ("--username=multishift", f"--pwfile={folder / 'password'}", "--no-sync")
        run("initdb", *words, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -F"
        run("pg_ctl", "start", "--wait", f"--timeout={START_S}", f"--options={options}")
        try:
            yield f"postgresql+psycopg2://multishift:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
