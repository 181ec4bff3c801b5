"""Keeps programs running where there is no systemd: restarts what dies, stops all together.

    python deploy/supervise.py deploy/services.toml --logs .multishift/logs

A table of the TOML file is a service, its ``command`` one line, run in the present folder with the
folder of this Python first on the PATH. SIGTERM and SIGINT stop all of them; killed by SIGKILL,
this program leaves them running. Standard library only.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 30.0
"""Pause before a restart; it doubles from death to death."""

SOUND_S = 60.0
"""A service that lived this long begins with the first pause again."""

TICK_S = 0.2


@dataclass
class Service:
    """One program in a process group of its own; ``orphans`` are the groups of those that died."""

    name: str
    command: list[str]
    log: Path
    delay_s: float = FIRST_DELAY_S
    due_at: float = 0.0
    began_at: float = 0.0
    orphans: list[int] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def look(self) -> None:
        """Start it when that is due; plan its restart when it has died."""
        now = time.monotonic()
        self.orphans = [group for group in self.orphans if _has_processes(group)]
        if self.process is None:
            if now >= self.due_at:
                self._start(now)
        elif (status := self.process.poll()) is not None:
            self.delay_s = FIRST_DELAY_S if now - self.began_at > SOUND_S else self.delay_s
            say(f"{self.name} ended with status {status}; again in {self.delay_s:g} s")
            self.orphans.append(self.process.pid)
            self.process, self.due_at = None, now + self.delay_s
            self.delay_s = min(2 * self.delay_s, LONGEST_DELAY_S)

    def _start(self, now: float) -> None:
        here = str(Path(sys.executable).parent)
        environment = {**os.environ, "PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                # Started in the background of a shell, we ignore SIGINT; Dagster would then ignore
                # SIGTERM as well.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        self.began_at = now
        say(f"{self.name} runs as process {self.process.pid}")


def read_services(path: Path, logs: Path) -> list[Service]:
    """Services of a file.

    Raises:
        ValueError: naming the service that has no command.
    """
    services = []
    for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if not isinstance(table, dict) or not isinstance(table.get("command"), str):
            raise ValueError(f"{path}: need a command for {name!r}, got {table!r}; add one")
        services.append(Service(name, shlex.split(table["command"]), logs / f"{name}.log"))
    return services


def supervise(services: list[Service], grace_s: float) -> None:
    """Keep all services running until a signal comes, then end them."""
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: signals.append(number))
    try:
        while not signals:
            for service in services:
                service.look()
            time.sleep(TICK_S)
    finally:
        say("stopping")
        running = [service.process.pid for service in services if service.process]
        end_groups([*running, *(group for one in services for group in one.orphans)], grace_s)
        for service in services:
            if service.process:
                service.process.wait()


def end_groups(groups: Iterable[int], grace_s: float) -> None:
    """Ask all processes of groups to end; after the grace, end them."""
    left = list(groups)
    for group in left:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any(map(_has_processes, left)):
        time.sleep(TICK_S)
    for group in left:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _has_processes(group: int) -> bool:
    with suppress(ChildProcessError):  # a child that has ended counts until it is waited for
        os.waitpid(group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # gone, or the number is another's by now
        return False
    return True


def say(line: str) -> None:
    """Write a line with the time to standard error."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")
    sys.stderr.flush()


def main() -> None:
    """Read the arguments and supervise."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("services", type=Path, help="TOML file with a table for each service")
    parser.add_argument("--logs", type=Path, default=Path(".multishift/logs"), help="folder")
    parser.add_argument("--grace-s", type=float, default=60.0, help="time to end by themselves")
    wish = parser.parse_args()
    wish.logs.mkdir(parents=True, exist_ok=True)
    supervise(read_services(wish.services, wish.logs), wish.grace_s)


if __name__ == "__main__":
    main()
