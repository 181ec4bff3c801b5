"""Webserver, daemon and code server under the supervisor, as `deploy/services.toml` has them."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.answering import end, wait_until_it_answers
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
        wait_until_it_answers(f"http://127.0.0.1:{PORT}/server_info", longest_s=START_S)
        yield f"http://127.0.0.1:{PORT}"
    finally:
        end(supervisor, longest_s=STOP_S)


def _refuse_without(services: Path) -> None:
    found = tomllib.loads(services.read_text(encoding="utf-8"))
    if str(PORT) not in found["webserver"]["command"]:
        raise ValueError(f"{services}: need the webserver on port {PORT}")
