"""`multishift ui`: webserver, daemon and code server of the checkout's instance."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from pipelines.commands.console import err
from pipelines.commands.instance import choose_instance
from pipelines.commands.ports import bound
from pipelines.settings import PROJECT_ROOT

_QUIET = ("-W", "ignore:Function `dev_command` is superseded")  # no concern of who opens the UI


def serve_ui(port: int) -> int:
    """Serve until interrupted; gives the exit code of Dagster."""
    bound(port, command="ui").close()
    choose_instance()
    err.print(f"Dagster opens at [bold]http://127.0.0.1:{port}[/] in seconds; Ctrl-C stops it.")
    command = [sys.executable, *_QUIET, "-m", "dagster", "dev", "--workspace", "workspace.yaml"]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=PROJECT_ROOT,
        # A shell that starts us in the background ignores SIGINT, children inherit that, and
        # `dagster dev` then ignores SIGTERM as well: it could only be killed, leaving its servers.
        preexec_fn=_restore_interrupt,
        start_new_session=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop(server))
    return server.wait()


def _restore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _stop(server: "subprocess.Popen[bytes]") -> Callable[[int, FrameType | None], None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        os.killpg(server.pid, signal.SIGINT)

    return stop
