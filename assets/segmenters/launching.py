"""One process per accelerator by torch's launcher; all end when this process ends.

It is the launcher that accelerate's own command calls, without the user's configuration files and
without MPI on a CPU; what runs in the processes is `assets.segmenters.processes`.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from assets.segmenters.item import TrainingItem, item_to_json

ITEM, REASON, LOG = "item.json", "reason.txt", "processes.log"
"""Files of the work folder: what is trained, why a process refused it, what the processes said."""

GRACE_S = 20.0
_ROOT = Path(__file__).resolve().parents[2]
_TAIL_CHARS = 300


def launch_training(item: TrainingItem) -> None:
    """Train in processes of their own and wait for them; they end with this one, however it ends.

    Raises:
        ValueError: if a process refused the training; the message is its own.
        RuntimeError: if a process died for another reason.
    """
    folder = item.folder
    (folder / REASON).unlink(missing_ok=True)
    (folder / ITEM).write_text(item_to_json(item), encoding="utf-8")
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command(item),
            # Their standard input is a pipe from here: when this process dies, they read its end.
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(),
        )
        try:
            status = process.wait()
        finally:
            _end(process)
    if status:
        _tell(folder, status)


def command(item: TrainingItem) -> list[str]:
    """What starts the processes of an item."""
    n_processes, start = item.wish.n_processes, [sys.executable, "-m"]
    if n_processes > 1:
        start += ["torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
        start += ["--max-restarts", "0", "--nproc-per-node", str(n_processes), "--module"]
    return [*start, "assets.segmenters.processes", str(item.folder / ITEM)]


def _environment() -> dict[str, str]:
    """This process's own, with its code on the path of the others."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    return {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONPATH": path}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Leave nothing of the group: it is asked first, then made to."""
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tell(folder: Path, status: int) -> None:
    reason = folder / REASON
    if reason.is_file():
        raise ValueError(reason.read_text(encoding="utf-8"))
    said = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip()[-_TAIL_CHARS:]
    raise RuntimeError(
        f"{folder / LOG}: need training processes that end well, got status {status}; the last "
        f"that they said: {said}"
    )
