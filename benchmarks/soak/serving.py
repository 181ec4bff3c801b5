"""Webserver, daemon and code server under the supervisor, as `deploy/services.toml` has them."""

import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.soak.place import ROOT, Place

START_S = 180.0
STOP_S = 120.0
PORT = 3000


@contextmanager
def served(place: Place) -> Iterator[str]:
    """Address of the webserver, while the three servers are kept running."""
    services = ROOT / "deploy" / "services.toml"
    _refuse_without(services)
    words = ["deploy/supervise.py", str(services), "--logs", str(place.folder / "logs")]
    supervisor = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=place.environment())
    try:
        _wait_for(f"http://127.0.0.1:{PORT}/server_info")
        yield f"http://127.0.0.1:{PORT}"
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(timeout=STOP_S)


def _refuse_without(services: Path) -> None:
    found = tomllib.loads(services.read_text(encoding="utf-8"))
    if str(PORT) not in found["webserver"]["command"]:
        raise ValueError(f"{services}: need the webserver on port {PORT}")


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)
        else:
            return
